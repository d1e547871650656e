import { type Command, Option } from 'commander';
import { build } from '../artifact/build.ts';
import type { Target } from '../artifact/compile.ts';
import { formatBytes } from '../format.ts';
import { readRenameTable } from '../load/readRenameTable.ts';
import { progressBar } from '../progress.ts';
import { dtypeOption, profileOption, weightOptions } from './options.ts';

interface Flags {
  readonly checkpoint?: string;
  readonly target: Target | 'all';
  readonly dtype: 'f32' | 'f16';
  readonly profile: 'ort' | 'onnx';
  readonly out: string;
  readonly rename?: string;
  readonly allowExtra?: boolean;
}

export function addBuild(program: Command, signal: AbortSignal): void {
  const command = program
    .command('build')
    .summary('compile a model and its weights into an artifact folder')
    .description('Compiles a model file, or a checkpoint folder, into one folder for ONNX Runtime and WebGPU.')
    .argument('<model>', 'a model.ts, or a checkpoint folder with config.json and *.safetensors')
    .addOption(new Option('--target <target>', 'what to build').choices(['onnx', 'webgpu', 'all']).default('all'))
    .addOption(dtypeOption())
    .addOption(profileOption())
    .requiredOption('--out <dir>', 'folder of the artifact')
    .addHelpText(
      'after',
      '\nExample:\n  casement build model.ts --checkpoint weights --target all --dtype f16 --out dist/model',
    );
  weightOptions(command).action(async (model: string, flags: Flags) => {
    const bar = progressBar('writing weights');
    const { manifest, unusual } = await build({
      model,
      out: flags.out,
      targets: flags.target === 'all' ? ['onnx', 'webgpu'] : [flags.target],
      dtype: flags.dtype,
      profile: flags.profile,
      signal,
      onProgress: ({ bytesDone, bytesTotal }) => bar.update(bytesDone, bytesTotal),
      ...(flags.checkpoint ? { checkpoint: flags.checkpoint } : {}),
      ...(flags.allowExtra ? { allowExtra: true } : {}),
      ...(flags.rename ? { rename: await readRenameTable(flags.rename) } : {}),
    });
    bar.finish();
    for (const { tensor, nan, infinite, overflowed } of unusual) {
      console.warn(`warning: ${tensor} has ${nan} NaN and ${infinite} infinite values, ${overflowed} overflowed`);
    }
    const { bytes, shards } = manifest.weights;
    console.log(
      `${flags.out}: ${Object.keys(manifest.targets).join(' and ')}, ${flags.dtype}, ${formatBytes(bytes)} of weights in ${shards.length} file${shards.length === 1 ? '' : 's'}`,
    );
  });
}
