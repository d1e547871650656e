import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../../packages/casement/src/artifact/build.ts';
import { spreadOf } from '../../packages/casement/src/bench/spreadOf.ts';
import { formatTable } from '../../packages/casement/src/format.ts';
import { randomWeights } from '../../packages/casement/src/randomWeights/randomWeights.ts';
import { openPage } from '../../test/browser/open-page.ts';
import { configOf, type Decoder, measuredDecoder } from '../genai/decoder.ts';
import type { compare, firstToken, PageOptions, PageReport, Triple } from './page.ts';
import { writePeer } from './peerFiles.ts';

// Casement's WebGPU bundle against ONNX Runtime Web's native WebGPU provider: the same 4-bit weights, the same adapter,
// one page, taking turns. `npm run bench:web -- --help` lists the options.

const { values } = parseArgs({
  options: {
    layers: { type: 'string', default: '12' },
    context: { type: 'string', default: '512' },
    prompt: { type: 'string', default: '256' },
    'decode-pairs': { type: 'string', default: '15' },
    'prefill-pairs': { type: 'string', default: '15' },
    tokens: { type: 'string', default: '2' },
    cold: { type: 'string', default: '3' },
    out: { type: 'string' },
    help: { type: 'boolean' },
  },
});

if (values.help) {
  console.log(
    'Options: --layers 12 --context 512 --prompt 256 --decode-pairs 15 --prefill-pairs 15 --tokens 2 (of a pair) --cold 3 ' +
      '(cold pages) --out FILE.json',
  );
} else {
  await main();
}

async function main(): Promise<void> {
  const config: Decoder = { ...measuredDecoder(1024), layers: Number(values.layers) };
  const folder = join(process.cwd(), 'out', 'bench-web');
  const artifact = await prepare(folder, config);
  const browser = await openPage({ folders: [folder] });
  const url = (path: string) => new URL(browser.url(path), browser.page.url()).href;
  const options: PageOptions = {
    artifact: `${url(artifact)}/`,
    peer: {
      graph: url(join(folder, 'peer.onnx')),
      weights: url(join(folder, 'peer.bin')),
      runtime: `${url(join(process.cwd(), 'node_modules/onnxruntime-web/dist'))}/`,
    },
    config,
    context: Number(values.context),
    prompt: Number(values.prompt),
    decode: { pairs: Number(values['decode-pairs']), tokens: Number(values.tokens) },
    prefill: { pairs: Number(values['prefill-pairs']) },
  };
  const page = new URL('./page.ts', import.meta.url);
  const report = await browser.run<typeof compare>(page, 'compare', options);
  await browser.close();
  const cold: [number, number][] = [];
  for (let i = 0; i < Number(values.cold); i++) {
    const times: number[] = [];
    for (const who of ['ours', 'theirs'] as const) {
      const fresh = await openPage({ folders: [folder] });
      const here = (address: string) => address.replace(/^http:\/\/[^/]+/, new URL(fresh.page.url()).origin);
      const moved: PageOptions = {
        ...options,
        artifact: here(options.artifact),
        peer: {
          graph: here(options.peer.graph),
          weights: here(options.peer.weights),
          runtime: here(options.peer.runtime),
        },
      };
      times.push(await fresh.run<typeof firstToken>(page, 'firstToken', moved, who));
      await fresh.close();
    }
    cold.push([times[0] ?? 0, times[1] ?? 0]);
  }
  const result = summary(report, cold, options);
  console.log(formatResult(result));
  if (values.out) await writeFile(values.out, `${JSON.stringify(result, null, 2)}\n`);
}

/** A checkpoint of random weights, our artifact of it, and the peer's files of the artifact's weights. */
async function prepare(folder: string, c: Decoder): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const checkpoint = join(folder, 'checkpoint');
  const artifact = join(folder, 'artifact');
  await randomWeights({ config: configOf(c), out: checkpoint, dtype: 'f32' });
  await build({ model: checkpoint, out: artifact, targets: ['webgpu'], dtype: 'q4f32' });
  await writePeer(artifact, c, folder);
  return artifact;
}

type Result = ReturnType<typeof summary>;

function summary(report: PageReport, cold: readonly [number, number][], options: PageOptions) {
  const { decode, prefill, greedy, ...rest } = report;
  const same = greedy.ours.findIndex((token, i) => token !== greedy.theirs[i]);
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`,
    model: options.config,
    context: options.context,
    prompt: options.prompt,
    decode: ratios(decode),
    prefill: ratios(prefill),
    firstTokenMs: cold,
    sameGreedyTokens: same < 0 ? greedy.ours.length : same,
    ...rest,
  };
}

/** Theirs over ours, and ours over ours again, of each turn. */
function ratios(triples: readonly Triple[]) {
  if (triples.length === 0) return undefined;
  return {
    pairs: triples.length,
    oursMs: spreadOf(triples.map(([ours]) => ours)).medianMs,
    theirsMs: spreadOf(triples.map(([, theirs]) => theirs)).medianMs,
    ratio: spreadOf(triples.map(([ours, theirs, again]) => theirs / Math.sqrt(ours * again))),
    oursAgainstOurs: spreadOf(triples.map(([ours, , again]) => again / ours)),
  };
}

function formatResult({ adapter, variant, decode, prefill, perToken, firstTokenMs, sameGreedyTokens }: Result): string {
  const line = (name: string, measured: ReturnType<typeof ratios>) =>
    measured
      ? [
          name,
          `ours ${measured.oursMs.toFixed(0)} ms`,
          `theirs ${measured.theirsMs.toFixed(0)} ms`,
          `${measured.ratio.medianMs.toFixed(2)} × (${measured.ratio.quartilesMs.map((q) => q.toFixed(2)).join(' … ')})`,
          `A/A ${measured.oursAgainstOurs.quartilesMs.map((q) => q.toFixed(2)).join(' … ')}`,
        ]
      : [name, 'not measured'];
  const counts = Object.entries(perToken.ours).map(([name, ours]) => {
    const theirs = perToken.theirs[name as keyof typeof perToken.theirs]; // both are GpuCounts
    return [`  ${name}`, String(ours), String(theirs)];
  });
  return [
    `${adapter}, variant ${variant}; the first ${sameGreedyTokens} greedy tokens are the same`,
    formatTable([line('prefill', prefill), line('decode', decode)]),
    `cold page to first token, ours and theirs: ${firstTokenMs.map((pair) => pair.map((ms) => ms.toFixed(0)).join(' / ')).join(', ')} ms`,
    'calls for each decoded token, ours and theirs:',
    formatTable(counts),
  ].join('\n');
}
