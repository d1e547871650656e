import { type Command, InvalidArgumentError } from 'commander';
import { readRenameTable } from '../load/readRenameTable.ts';
import type { BuildDType } from '../quantize/buildDType.ts';
import { formatVerification } from '../verify/formatVerification.ts';
import { type VerifyTarget, verify } from '../verify/verify.ts';
import { dtypeOption, profileOption, variantOption, weightOptions, zeroPointsOption } from './options.ts';

interface Flags {
  readonly checkpoint?: string;
  readonly golden?: string;
  readonly targets?: VerifyTarget[];
  readonly dtype: BuildDType;
  readonly zeroPoints?: boolean;
  readonly profile: 'ort' | 'onnx';
  readonly variant?: string;
  readonly tolerance?: number;
  readonly goldenTolerance?: number;
  readonly json?: boolean;
  readonly rename?: string;
  readonly allowExtra?: boolean;
}

export function addVerify(program: Command, signal: AbortSignal): void {
  const command = program
    .command('verify')
    .summary('compare every target with PyTorch, or with the reference')
    .description(
      'Runs the inputs of a golden on every target and compares what the golden holds of the outputs. A conversation ' +
        '(input_ids, images, logits, greedy) runs in chunks and token by token; of any other model, the entries run ' +
        'whose inputs the golden holds by name. Integers must be equal. Without a golden, targets are compared with what the ' +
        'reference evaluator computes for a random conversation. Quantised weights: targets are compared with the reference ' +
        'on dequantised weights, and what quantising did to the results is told. Exits with 1 if a target does not agree.',
    )
    .argument('<model>', 'a model.ts, or a checkpoint folder with config.json and *.safetensors')
    .option('--golden <file>', 'a .safetensors file with inputs and outputs of PyTorch')
    .option(
      '--targets <list>',
      'comma-separated: reference, onnx, webgpu (default: all but the one that they are compared with)',
      parseTargets,
    )
    .addOption(dtypeOption())
    .addOption(zeroPointsOption())
    .addOption(profileOption())
    .addOption(variantOption())
    .option('--tolerance <max>', 'largest absolute difference of floats (default: by target and dtype)', parsePositive)
    .option(
      '--golden-tolerance <max>',
      'with quantised weights: how far the reference on dequantised weights may be from the golden (default: any)',
      parsePositive,
    )
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  casement verify checkpoint --golden checkpoint/golden.safetensors\n  casement verify model.ts --checkpoint checkpoint --targets webgpu --dtype f16',
    );
  weightOptions(command).action(async (model: string, flags: Flags) => {
    const report = await verify({
      model,
      dtype: flags.dtype,
      profile: flags.profile,
      signal,
      onTarget: (target) => process.stderr.isTTY && process.stderr.write(`running ${target} …\n`),
      ...(flags.variant ? { variant: flags.variant } : {}),
      ...(flags.zeroPoints ? { zeroPoints: true } : {}),
      ...(flags.goldenTolerance === undefined ? {} : { goldenTolerance: flags.goldenTolerance }),
      ...(flags.golden ? { golden: flags.golden } : {}),
      ...(flags.targets ? { targets: flags.targets } : {}),
      ...(flags.checkpoint ? { checkpoint: flags.checkpoint } : {}),
      ...(flags.tolerance === undefined ? {} : { tolerance: flags.tolerance }),
      ...(flags.allowExtra ? { allowExtra: true } : {}),
      ...(flags.rename ? { rename: await readRenameTable(flags.rename) } : {}),
    });
    console.log(flags.json ? JSON.stringify(report, null, 2) : formatVerification(report));
    if (!report.passed) process.exitCode = 1;
  });
}

function parseTargets(text: string): VerifyTarget[] {
  return text.split(',').map((name) => {
    const trimmed = name.trim();
    if (trimmed === 'reference' || trimmed === 'onnx' || trimmed === 'webgpu') return trimmed;
    throw new InvalidArgumentError(`"${trimmed}" is no target; give reference, onnx, webgpu or several with commas.`);
  });
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0)) throw new InvalidArgumentError('Give a number above 0.');
  return value;
}
