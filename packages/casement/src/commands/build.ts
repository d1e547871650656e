import { type Command, Option } from 'commander';
import { build } from '../artifact/build.ts';
import type { Target } from '../artifact/compile.ts';
import { formatUnusual } from '../artifact/formatUnusual.ts';
import { formatBytes } from '../format.ts';
import { formatWeightMap } from '../inspect/formatWeightMap.ts';
import { mapWeights } from '../inspect/weightMap.ts';
import { readRenameTable } from '../load/readRenameTable.ts';
import { progressBar } from '../progress.ts';
import type { BuildDType } from '../quantize/buildDType.ts';
import { formatQuantization } from '../quantize/report.ts';
import { writeTriton } from '../triton/writeTriton.ts';
import { dtypeOption, profileOption, weightOptions, zeroPointsOption } from './options.ts';

interface Flags {
  readonly checkpoint?: string;
  readonly target: Target | 'all';
  readonly dtype: BuildDType;
  readonly zeroPoints?: boolean;
  readonly profile: 'ort' | 'onnx';
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly serve?: 'triton';
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
    .addOption(zeroPointsOption())
    .addOption(profileOption())
    .option('--out <dir>', 'folder of the artifact (required, except with --dry-run)')
    .addOption(
      new Option('--serve <server>', 'write what a server needs beside the artifact, <out>-triton').choices(['triton']),
    )
    .option('--dry-run', 'show which tensor becomes which param, and what does not fit; write nothing')
    .addHelpText(
      'after',
      `
Examples:
  casement build checkpoint --dtype f16 --out dist/model
  casement build model.ts --checkpoint weights --target webgpu --out dist/model
  casement build checkpoint --dtype q4f16 --out dist/model
  casement build checkpoint --target onnx --dtype f16 --serve triton --out dist/model
  casement build checkpoint --dry-run --rename names.json

A rename table is a list of regular expressions, applied in order:
  [{ "from": "^language_model\\\\.", "to": "model." }]
--dry-run exits with 1 when a build would refuse the weights, and drafts rules where names look alike.`,
    );
  weightOptions(command).action(async (model: string, flags: Flags) => {
    const weights = {
      model,
      dtype: flags.dtype,
      ...(flags.zeroPoints ? { zeroPoints: true } : {}),
      ...(flags.checkpoint ? { checkpoint: flags.checkpoint } : {}),
      ...(flags.allowExtra ? { allowExtra: true } : {}),
      ...(flags.rename ? { rename: await readRenameTable(flags.rename) } : {}),
    };
    if (flags.dryRun) {
      const map = await mapWeights(weights);
      console.log(formatWeightMap(map));
      if (!map.complete) process.exitCode = 1;
      return;
    }
    if (flags.out === undefined) return command.error("error: required option '--out <dir>' not specified");
    const bar = progressBar('writing weights');
    const { manifest, unusual, errors, notes, keptWeights } = await build({
      ...weights,
      out: flags.out,
      targets: flags.target === 'all' ? ['onnx', 'webgpu'] : [flags.target],
      profile: flags.profile,
      signal,
      onProgress: ({ bytesDone, bytesTotal }) => bar.update(bytesDone, bytesTotal),
    }).finally(() => bar.finish());
    for (const warning of formatUnusual(unusual, flags.dtype)) console.warn(warning);
    for (const line of formatQuantization(errors, notes)) console.log(line);
    const { bytes, shards } = manifest.weights;
    const files = `${shards.length} file${shards.length === 1 ? '' : 's'}`;
    const kept = keptWeights ? ', kept as they were' : '';
    console.log(
      `${flags.out}: ${Object.keys(manifest.targets).join(' and ')}, ${flags.dtype}, ${formatBytes(bytes)} of weights in ${files}${kept}`,
    );
    if (flags.serve === undefined) return;
    const out = `${flags.out.replace(/\/+$/, '')}-triton`;
    const models = await writeTriton({ artifact: flags.out, out, signal });
    console.log(`${out}: a Triton repository of ${models.join(' and ')}, a KServe manifest and example clients`);
  });
}
