import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FloatDType, HostTensor, Program } from '@casement/ir';
import type { Executor } from '@casement/session';
import { referenceExecutor } from '@casement/session/reference';
import { openCheckpoint, type RenameTable, type TensorSource } from '@casement/weights';
import { compileFor, type Profile, type Target } from '../artifact/compile.ts';
import { openExecutor } from '../artifact/openExecutor.ts';
import { writeArtifact } from '../artifact/writeArtifact.ts';
import { shownImages, turnsOf } from '../conversation.ts';
import { UserError } from '../error.ts';
import { type Golden, readGolden } from '../golden.ts';
import { loadModel } from '../load/loadModel.ts';
import { loadParams } from '../load/loadParams.ts';
import { readImageToken } from '../load/readConfig.ts';
import { exposeValues } from './exposeValues.ts';
import { type Departure, findDeparture } from './findDeparture.ts';
import { type GoldenRun, runGolden } from './runGolden.ts';

export type VerifyTarget = 'reference' | Target;

export interface VerifyOptions {
  /** A model file or a checkpoint folder. */
  readonly model: string;
  /** Folder or file with the weights, when `model` is a file. */
  readonly checkpoint?: string;
  /** Inputs and outputs computed by PyTorch: a .safetensors file. */
  readonly golden: string;
  readonly targets?: readonly VerifyTarget[];
  readonly dtype?: FloatDType;
  readonly profile?: Profile;
  /** Largest absolute difference of logits and image tokens that passes, for every target; default: by target and dtype. */
  readonly tolerance?: number;
  readonly rename?: RenameTable;
  /** Accept tensors of the checkpoint that the model does not use. */
  readonly allowExtra?: boolean;
  /** Called when a target is about to run. */
  readonly onTarget?: (target: VerifyTarget) => void;
  readonly signal?: AbortSignal;
}

export interface TargetReport extends GoldenRun {
  readonly target: VerifyTarget;
  readonly tolerance: number;
  readonly greedyMatches: boolean;
  readonly passed: boolean;
  /** Set when the target failed and the reference did not: where the target goes wrong. */
  readonly departure?: Departure;
}

export interface VerifyReport {
  readonly model: string;
  readonly golden: string;
  readonly dtype: FloatDType;
  readonly positions: number;
  readonly images: number;
  readonly expectedGreedy: readonly number[];
  readonly targets: readonly TargetReport[];
  readonly passed: boolean;
}

/** Above rounding of float32 sums in another order, far below a wrong formula (1e-3 and more). */
const F32_TOLERANCE = { reference: 1e-5, onnx: 5e-5, webgpu: 5e-5 } as const;
const HALF_TOLERANCE = 2e-2;
/** How much of its largest magnitude a value may be off before it counts as a departure. */
const DEPARTURE = { f32: 1e-4, f16: 2e-2, bf16: 1e-1 } as const;

/**
 * Runs a model on the inputs of a golden, in chunks and token by token, on every target, and compares logits of every
 * position, tokens of images and the greedy continuation. Targets are built into a temporary folder as `build` would. A target that
 * fails is run again, value by value, to find where it departs from the reference.
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { dtype = 'f32' } = options;
  const { definition, checkpoint } = await loadModel(options.model, options.checkpoint);
  if (checkpoint === undefined) {
    throw new UserError(`${options.model} is a model without weights; name their folder with --checkpoint`);
  }
  const golden = await readGolden(options.golden, { imageToken: await readImageToken(checkpoint) });
  const program = definition.build({ dtype });
  const source = await openCheckpoint(checkpoint);
  try {
    return await verifyTargets(options, program, source, golden);
  } finally {
    await source.close();
  }
}

async function verifyTargets(
  options: VerifyOptions,
  program: Program,
  source: TensorSource,
  golden: Golden,
): Promise<VerifyReport> {
  const { targets = ['reference', 'onnx', 'webgpu'], dtype = 'f32', signal } = options;
  const bench: Bench = {
    program,
    source,
    golden,
    options,
    dtype,
    params: await loadParams(program, source, options),
  };
  const reports: TargetReport[] = [];
  for (const target of targets) {
    options.onTarget?.(target);
    signal?.throwIfAborted();
    reports.push(await verifyTarget(bench, target));
  }
  return {
    model: options.model,
    golden: options.golden,
    dtype,
    positions: golden.ids.length,
    images: golden.images.length,
    expectedGreedy: golden.greedy,
    targets: reports,
    passed: reports.every((report) => report.passed),
  };
}

interface Bench {
  readonly program: Program;
  readonly source: TensorSource;
  readonly golden: Golden;
  readonly options: VerifyOptions;
  readonly dtype: FloatDType;
  readonly params: ReadonlyMap<string, HostTensor>;
}

async function verifyTarget(bench: Bench, target: VerifyTarget): Promise<TargetReport> {
  const { golden, options, dtype } = bench;
  const run = await withExecutor(bench, target, bench.program, (executor) =>
    runGolden(executor, golden, options.signal),
  );
  const tolerance = options.tolerance ?? (dtype === 'f32' ? F32_TOLERANCE[target] : HALF_TOLERANCE);
  const differences = [run.chunked, run.tokenByToken, run.betweenBoth, ...(run.imageTokens ? [run.imageTokens] : [])];
  const greedyMatches = golden.greedy.every((token, i) => run.greedy[i] === token);
  // In half precision a near tie may fall the other way, so tokens are reported but do not decide.
  const passed = differences.every(({ maxAbsolute }) => maxAbsolute <= tolerance) && (greedyMatches || dtype !== 'f32');
  const departure = passed || target === 'reference' ? undefined : await departureOf(bench, target);
  return { target, tolerance, ...run, greedyMatches, passed, ...(departure ? { departure } : {}) };
}

async function departureOf(bench: Bench, target: Target): Promise<Departure | undefined> {
  const { golden, dtype } = bench;
  const turns = turnsOf(golden.ids, shownImages(golden.images, bench.program.entries.has('encodeImage')));
  const exposed = exposeValues(compileFor(target, bench.program, bench.options.profile));
  return withExecutor(bench, 'reference', exposed, (reference) =>
    withExecutor(bench, target, exposed, (executor) =>
      findDeparture(exposed, { reference, target: executor }, turns, DEPARTURE[dtype]),
    ),
  );
}

async function withExecutor<T>(
  { source, options, params }: Bench,
  target: VerifyTarget,
  program: Program,
  use: (executor: Executor) => Promise<T>,
): Promise<T> {
  if (target === 'reference') return use(referenceExecutor(program, { param: (name) => required(params, name) }));
  const dir = await mkdtemp(join(tmpdir(), 'casement-verify-'));
  try {
    const { profile, rename, allowExtra, signal } = options;
    await writeArtifact(dir, program, source, {
      targets: [target],
      ...(profile ? { profile } : {}),
      ...(rename ? { rename } : {}),
      ...(allowExtra ? { allowExtra } : {}),
      ...(signal ? { signal } : {}),
    });
    const executor = await openExecutor(dir, target);
    try {
      return await use(executor);
    } finally {
      await executor.dispose();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function required(params: ReadonlyMap<string, HostTensor>, name: string): HostTensor {
  const tensor = params.get(name);
  if (tensor === undefined) throw new Error(`param "${name}" was not loaded`); // loadParams has loaded all
  return tensor;
}
