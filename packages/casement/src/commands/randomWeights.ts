import { type Command, InvalidArgumentError, Option } from 'commander';
import { formatBytes } from '../format.ts';
import { progressBar } from '../progress.ts';
import { presets } from '../randomWeights/presets.ts';
import { randomWeights } from '../randomWeights/randomWeights.ts';
import { readSubject } from '../randomWeights/readSubject.ts';

interface Flags {
  readonly out: string;
  readonly seed: number;
  readonly dtype: 'bf16' | 'f16' | 'f32';
  readonly layers?: number;
  readonly checkpoint?: string;
}

export function addRandomWeights(program: Command, signal: AbortSignal): void {
  program
    .command('random-weights')
    .summary('make a checkpoint of random weights, to try a model at its true size')
    .description(
      'Writes a checkpoint folder: seeded random weights of the shapes that a model asks for, and its config.json.',
    )
    .argument(
      '<model>',
      `a config.json, its folder (with a tokenizer), a model.ts, or a model of full size: ${[...presets.keys()].join(', ')}`,
    )
    .requiredOption('--out <dir>', 'folder of the checkpoint')
    .option('--seed <n>', 'other numbers for other seeds', parseWhole(0), 0)
    .addOption(
      new Option('--dtype <dtype>', 'what weights are stored as').choices(['bf16', 'f16', 'f32']).default('bf16'),
    )
    .option('--layers <n>', 'only the first n blocks of the decoder and of the image encoder', parseWhole(1))
    .option('--checkpoint <dir>', 'folder with config.json and a tokenizer, when <model> is a file')
    .addHelpText(
      'after',
      `
Examples:
  casement random-weights 2B --layers 2 --out checkpoints/2B-short
  casement random-weights checkpoint/config.json --out random
  casement random-weights model.ts --checkpoint checkpoint --out random`,
    )
    .action(async (name: string, { out, seed, dtype, layers, checkpoint }: Flags) => {
      const subject = await readSubject(name, { checkpoint, layers });
      const bar = progressBar('writing weights');
      const { shards, tensors } = await randomWeights({
        ...subject,
        out,
        seed,
        dtype,
        signal,
        onProgress: ({ bytesDone, bytesTotal }) => bar.update(bytesDone, bytesTotal),
      }).finally(() => bar.finish());
      const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
      console.log(
        `${out}: ${tensors.size} tensors, ${dtype}, ${formatBytes(bytes)} in ${shards.length} file${shards.length === 1 ? '' : 's'}`,
      );
    });
}

function parseWhole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} on.`);
  };
}
