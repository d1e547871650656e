import { statSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { formatBytes } from '../format.ts';
import { progressBar } from '../progress.ts';
import { presets } from '../randomWeights/presets.ts';
import { randomWeights } from '../randomWeights/randomWeights.ts';
import { readModelConfig } from '../randomWeights/readModelConfig.ts';
import { truncateConfig } from '../randomWeights/truncateConfig.ts';

interface Flags {
  readonly out: string;
  readonly seed: number;
  readonly dtype: 'bf16' | 'f16' | 'f32';
  readonly layers?: number;
}

export function addRandomWeights(program: Command, signal: AbortSignal): void {
  program
    .command('random-weights')
    .summary('make a checkpoint of random weights, to try a model at its true size')
    .description(
      'Writes a checkpoint folder with a config.json and seeded random weights of the shapes that it asks for.',
    )
    .argument(
      '<config>',
      `a config.json, a folder with one (and a tokenizer), or a model of full size: ${[...presets.keys()].join(', ')}`,
    )
    .requiredOption('--out <dir>', 'folder of the checkpoint')
    .option('--seed <n>', 'other numbers for other seeds', parseWhole(0), 0)
    .addOption(
      new Option('--dtype <dtype>', 'what weights are stored as').choices(['bf16', 'f16', 'f32']).default('bf16'),
    )
    .option('--layers <n>', 'only the first n blocks of the decoder and of the image encoder', parseWhole(1))
    .addHelpText('after', '\nExample:\n  casement random-weights 2B --layers 2 --out checkpoints/2B-short')
    .action(async (name: string, { out, seed, dtype, layers }: Flags) => {
      const config = await readModelConfig(name);
      const bar = progressBar('writing weights');
      const { shards, tensors } = await randomWeights({
        config: layers === undefined ? config : truncateConfig(config, layers),
        out,
        seed,
        dtype,
        signal,
        ...(statSync(name, { throwIfNoEntry: false })?.isDirectory() ? { processorOf: name } : {}),
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
