import { formatBytes } from '../../packages/casement/src/format.ts';
import { withPrefix } from '../../packages/casement/src/inspect/units.ts';
import type { MeasuredRun, Measurement } from './measure.ts';

export interface Row extends Measurement {
  readonly name: string;
  /** The system's folder, from docs/. */
  readonly link?: string;
  readonly size: string;
  /** What the backbone's runs cost when its tokens are inserted there. */
  readonly inserted?: readonly MeasuredRun[];
}

/** docs/zoo.md */
export function zooPage(rows: readonly Row[]): string {
  const tokenisers = rows.filter(({ inserted }) => inserted !== undefined).map(({ name }) => name);
  const decoders = rows.filter(({ runs }) => runs.some(({ role }) => role === 'image'));
  return `# The zoo in numbers

Written by \`npm run zoo:table\`; do not edit. Nothing was run for it: all of it is counted, from the graphs and from what
they are lowered to, at f16. FLOP and bytes are exact for the lengths given, by the rules of \`casement inspect\` (a
multiplication and an addition count as two; attention counts the pairs it sees; bytes are weights and live caches, as
often as an op reads them, without activations). They are no times, and say nothing of quality: weights are random.

The sizes are not those of the fixtures. The backbone is Helium-1-2B's: 28 blocks of width 2,048, 16 heads with 8 for keys
and values, an MLP of 8,192, 64,000 words. A system that has no such decoder has the size that its line names, and is no
rival in parameters.

## An image of 256 tokens, and the text after it

Once per image: from the image's tokens, without the encoder that made them (where the encoder is the idea, as in vistog,
its cost is in). Per token: one more token of text with 128 before it and one image. Some only make tokens, fewer of them
(${tokenisers.join(', ')}): what the backbone pays for inserting those is added, and its parameters are not.

${table(
  [
    'system',
    'parameters',
    'FLOP per image',
    'cache per image',
    'FLOP per token',
    'bytes read per token',
    'at the size of',
  ],
  decoders.map((row) => {
    const { parameters, size, runs, inserted = [] } = row;
    const image = [...runs, ...inserted].filter(({ role }) => role === 'image');
    const token = [...runs, ...inserted].filter(({ role }) => role === 'token');
    return [
      nameOf(row),
      withPrefix(parameters),
      withPrefix(sum(image.map(({ flops }) => flops))),
      formatBytes(sum(image.map(({ cached }) => cached))),
      withPrefix(sum(token.map(({ flops }) => flops))),
      formatBytes(sum(token.map(({ bytesRead }) => bytesRead))),
      size,
    ];
  }),
)}

## Whole passes

These compute image and text in one pass, and keep no caches.

${table(
  ['system', 'parameters', 'entry', 'given', 'FLOP', 'bytes read', 'at the size of'],
  rows.flatMap((row) =>
    row.runs
      .filter(({ role }) => role === 'pass')
      .map(({ entry, given, flops, bytesRead }) => {
        const counted = [withPrefix(row.parameters), `\`${entry}\``, given, withPrefix(flops), formatBytes(bytesRead)];
        return [nameOf(row), ...counted, row.size];
      }),
  ),
)}

## What the compiler makes of them

At the same sizes. Nodes: as the model is written. ONNX nodes: with the ops of ONNX Runtime (\`ort\`), and with ai.onnx
alone. Dispatches: of a run on WebGPU, which some lengths leave empty, with the kernels of every device. At the largest
lengths that the models allow, most of them need a device that binds more than WebGPU's 128 MiB at once.

${table(
  ['system', 'entry', 'nodes', 'ONNX nodes, ort', 'ONNX nodes, ai.onnx', 'WebGPU dispatches'],
  rows.flatMap((row) =>
    [...row.entries].map(([entry, { nodes, ort, onnx, dispatches }]) => {
      return [nameOf(row), `\`${entry}\``, ...[nodes, ort, onnx, dispatches].map((count) => String(count ?? '–'))];
    }),
  ),
)}
`;
}

function nameOf({ name, link }: Row): string {
  return link === undefined ? name : `[${name}](${link})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
