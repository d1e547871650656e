import type { FloatDType } from '@casement/ir';
import { openCheckpoint, type TensorSource } from '@casement/weights';
import { UserError } from '../error.ts';
import { type Golden, readGolden } from '../golden.ts';
import { type GoldenTensors, readGoldenTensors } from '../goldenFile/readTensors.ts';
import { loadModel } from '../load/loadModel.ts';
import { loadParams } from '../load/loadParams.ts';
import { readImageToken } from '../load/readConfig.ts';
import type { BuildDType } from '../quantize/buildDType.ts';
import { type BuiltProgram, buildProgram, type QuantizationOptions } from '../quantize/buildProgram.ts';
import type { Bench, BuildSettings, VerifyTarget } from './bench.ts';
import { chooseTargets, type NotRun } from './chooseTargets.ts';
import { type QuantizationEffect, quantizedConversation, quantizedTensors } from './quantizedGolden.ts';
import { referenceGolden } from './referenceGolden.ts';
import { type TargetReport, verifyConversation } from './verifyConversation.ts';
import { type TensorTargetReport, verifyTensors } from './verifyTensors.ts';

export type { VerifyTarget } from './bench.ts';
export type { TargetReport } from './verifyConversation.ts';
export type { TensorTargetReport } from './verifyTensors.ts';

export interface VerifyOptions extends Omit<BuildSettings, 'quantized'>, QuantizationOptions {
  /** A model file or a checkpoint folder. */
  readonly model: string;
  /** Folder or file with the weights, when `model` is a file. */
  readonly checkpoint?: string;
  /**
   * Inputs and outputs computed by PyTorch: a .safetensors file. Without one, targets are compared with what the
   * reference computes for a random conversation.
   */
  readonly golden?: string;
  /** Default: onnx and webgpu, and the reference, too, where it is not what they are compared with. */
  readonly targets?: readonly VerifyTarget[];
  /** Largest absolute difference of floats that passes, for every target; default: by target and dtype. */
  readonly tolerance?: number;
  /**
   * With quantised weights, targets are compared with the reference on dequantised weights, and how far that is from the
   * golden is reported. Given, this is the largest absolute difference of those two that passes.
   */
  readonly goldenTolerance?: number;
  /** Called when a target is about to run. */
  readonly onTarget?: (target: VerifyTarget) => void;
}

interface Report {
  readonly model: string;
  /** Absent: the reference's outputs. */
  readonly golden?: string;
  readonly dtype: BuildDType;
  /** What the dtype's `float` is: what activations are. */
  readonly float: FloatDType;
  readonly passed: boolean;
  /** Targets that were to be verified and cannot run here. */
  readonly notRun: readonly NotRun[];
  /** With quantised weights and a golden. */
  readonly effect?: QuantizationEffect;
}

/** A golden that is a conversation: text, and images between it. */
export interface ConversationReport extends Report {
  readonly kind: 'conversation';
  readonly positions: number;
  readonly images: number;
  readonly expectedGreedy: readonly number[];
  readonly targets: readonly TargetReport[];
}

/** Any other golden: tensors that entries take and give. */
export interface TensorReport extends Report {
  readonly kind: 'tensors';
  readonly targets: readonly TensorTargetReport[];
}

export type VerifyReport = ConversationReport | TensorReport;

/**
 * Runs a model on the inputs of a golden, on every target, and compares what the golden holds of its outputs. A model
 * that speaks `Session`'s protocol has a conversation with it, in chunks and token by token; of any other model, the
 * entries are run whose inputs the golden holds by name. Targets are built into a temporary folder as `build` would. A
 * target that fails is run again, value by value, to find where it departs from the reference.
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { dtype = 'f32', goldenTolerance } = options;
  const loaded = await loadModel(options.model, options.checkpoint);
  const { checkpoint, golden: script } = loaded;
  if (checkpoint === undefined) {
    throw new UserError(`${options.model} is a model without weights; name their folder with --checkpoint`);
  }
  const built = buildProgram(loaded, options);
  const { program, float, quantized } = built;
  const source = await openCheckpoint(checkpoint);
  try {
    const bench = await prepare(options, built, source);
    const { model, golden: file } = options;
    const { run, notRun } = chooseTargets(bench, options);
    const own = { model, dtype, float, notRun };
    if (file === undefined) {
      return { ...own, ...(await converseOnTargets(options, bench, run, await referenceGolden(bench))) };
    }
    const common = { ...own, golden: file };
    const isQuantized = quantized.size > 0;
    const held = await readGoldenTensors(file);
    if (isConversation(program, held)) {
      const golden = await readGolden(file, { imageToken: await readImageToken(checkpoint) });
      if (!isQuantized) return { ...common, ...(await converseOnTargets(options, bench, run, golden)) };
      const { golden: answered, effect } = await quantizedConversation(bench, golden, goldenTolerance);
      const report = await converseOnTargets(options, bench, run, answered);
      return { ...common, ...report, effect, passed: report.passed && effect.passed };
    }
    const answered = isQuantized
      ? await quantizedTensors(bench, held, { script, tolerance: goldenTolerance })
      : { golden: held, effect: undefined };
    const { golden, effect } = answered;
    const one = (target: VerifyTarget) =>
      verifyTensors(bench, target, golden, { script, tolerance: options.tolerance });
    const targets = await onTargets(options, run, one);
    const passed = targets.every((report) => report.passed) && (effect?.passed ?? true);
    return { ...common, kind: 'tensors', targets, passed, ...(effect ? { effect } : {}) };
  } finally {
    await source.close();
  }
}

async function prepare(
  options: VerifyOptions,
  { program, float, quantized }: BuiltProgram,
  source: TensorSource,
): Promise<Bench> {
  const { profile, rename, allowExtra, signal, variant } = options;
  const params = await loadParams(program, source, { rename, allowExtra, quantized });
  const settings: BuildSettings = {
    ...(profile ? { profile } : {}),
    ...(rename ? { rename } : {}),
    ...(allowExtra ? { allowExtra } : {}),
    ...(signal ? { signal } : {}),
    ...(variant ? { variant } : {}),
    quantized,
  };
  return { program, source, dtype: float, params, settings };
}

/** Whether a model speaks `Session`'s protocol, and the golden is one sequence of text with its logits. */
function isConversation({ entries }: BuiltProgram['program'], { tensors }: GoldenTensors): boolean {
  const takes = entries.get('step')?.inputs.map(({ name }) => name) ?? [];
  const speaks = takes.includes('input_ids') && takes.includes('position_ids');
  return speaks && tensors.input_ids?.shape.length === 1 && tensors.logits?.shape.length === 2 && 'greedy' in tensors;
}

async function converseOnTargets(
  options: VerifyOptions,
  bench: Bench,
  run: readonly VerifyTarget[],
  golden: Golden,
): Promise<Omit<ConversationReport, 'model' | 'golden' | 'dtype' | 'float' | 'notRun'>> {
  const targets = await onTargets(options, run, (target) =>
    verifyConversation(bench, target, golden, options.tolerance),
  );
  return {
    kind: 'conversation',
    positions: golden.ids.length,
    images: golden.images.length,
    expectedGreedy: golden.greedy,
    targets,
    passed: targets.every(({ passed }) => passed),
  };
}

async function onTargets<R>(
  { onTarget, signal }: VerifyOptions,
  targets: readonly VerifyTarget[],
  run: (target: VerifyTarget) => Promise<R>,
): Promise<R[]> {
  const reports: R[] = [];
  for (const target of targets) {
    onTarget?.(target);
    signal?.throwIfAborted();
    reports.push(await run(target));
  }
  return reports;
}
