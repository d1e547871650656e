import { normal, seededRandom } from '@casement/ir';
import { type Executor, type ImagePatches, type ImageTokens, Session } from '@casement/session';
import { UserError } from '../error.ts';
import type { Golden, GoldenImage } from '../golden.ts';
import { answerByReference } from './answerByReference.ts';
import { type Bench, withExecutor } from './bench.ts';

/** Text tokens of the conversation, those before each of its images, and those of its continuation. */
const TEXT = 24;
const STARTS = [3, 14];
const GREEDY = 8;
/** Sides of the images, in image tokens. */
const GRIDS = [
  { rows: 2, columns: 3 },
  { rows: 3, columns: 4 },
];

/**
 * What the reference computes for a conversation of random ids with two random images, as far as the model takes images:
 * what to compare targets with when PyTorch's outputs are not at hand. Throws UserError when the model has no
 * `step(input_ids, position_ids)`.
 */
export async function referenceGolden(bench: Bench): Promise<Golden> {
  const { program } = bench;
  const takes = program.entries.get('step')?.inputs.map(({ name }) => name) ?? [];
  if (!takes.includes('input_ids') || !takes.includes('position_ids')) {
    throw new UserError(
      `model ${program.name} has no entry step(input_ids, position_ids), so there is no conversation to compare; give ` +
        'its inputs and outputs with --golden',
    );
  }
  const conversation = await withExecutor(bench, 'reference', program, async (executor) => {
    const random = seededRandom(0);
    const vocab = sizeOf(executor, 'step', 'outputs', 'logits');
    const ids = Array.from({ length: TEXT }, () => Math.floor(random() * vocab));
    return { file: 'the reference', ids, images: await drawImages(new Session(executor), random) };
  });
  return answerByReference(bench, conversation, GREEDY);
}

/** Images as pixels if the model has an encoder, else as tokens; none if it takes none. */
async function drawImages(session: Session, random: () => number): Promise<GoldenImage[]> {
  const { executor } = session;
  const { entries, dims } = executor.signature;
  const opener = ['openWindow', 'insertImage'].find((entry) => entries[entry]);
  if (opener === undefined) return [];
  const images: GoldenImage[] = [];
  for (const [i, { rows, columns }] of GRIDS.entries()) {
    const start = STARTS[i] ?? 0;
    if (entries.encodeImage) {
      const side = Math.sqrt(dims.patches?.multipleOf ?? 1);
      const grid = { rows: rows * side, columns: columns * side };
      const width = sizeOf(executor, 'encodeImage', 'inputs', 'pixel_values');
      const pixelValues = draw(grid.rows * grid.columns * width, random);
      const patches: ImagePatches = { pixelValues, grid };
      images.push({ start, patches, tokens: await session.encodeImage(patches) });
    } else {
      const hidden = sizeOf(executor, opener, 'inputs', 'image_embeds');
      const data = draw(rows * columns * hidden, random);
      const embeds = { dtype: 'f32', shape: [rows * columns, hidden], data } as const;
      const tokens: ImageTokens = { embeds, grid: { rows, columns } };
      images.push({ start, tokens });
    }
  }
  return images;
}

function draw(count: number, random: () => number): Float32Array {
  return Float32Array.from({ length: count }, () => normal(random));
}

/** The last, fixed size of a tensor that an entry takes or gives. */
function sizeOf({ signature }: Executor, entry: string, side: 'inputs' | 'outputs', name: string): number {
  const size = signature.entries[entry]?.[side].find((spec) => spec.name === name)?.shape.at(-1);
  if (typeof size === 'number') return size;
  throw new UserError(
    `${entry}: the last size of "${name}" is not fixed, so nothing can be drawn for it; use --golden`,
  );
}
