import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FloatDType, HostTensor, Program } from '@casement/ir';
import type { QuantizedParam } from '@casement/passes';
import type { Executor } from '@casement/session';
import { referenceExecutor } from '@casement/session/reference';
import type { RenameTable, TensorSource } from '@casement/weights';
import { compileFor, type Profile, type Target } from '../artifact/compile.ts';
import { openExecutor } from '../artifact/openExecutor.ts';
import { writeArtifact } from '../artifact/writeArtifact.ts';
import { exposeValues } from './exposeValues.ts';
import { type Departure, type Drive, findDeparture } from './findDeparture.ts';

export type VerifyTarget = 'reference' | Target;

/** How a program becomes executors. */
export interface BuildSettings {
  readonly profile?: Profile;
  readonly rename?: RenameTable;
  /** Accept tensors of the checkpoint that the model does not use. */
  readonly allowExtra?: boolean;
  readonly signal?: AbortSignal;
  /** The device class whose kernels WebGPU runs; default: the one that is made for the adapter. */
  readonly variant?: string;
  /** The weights that the program has in quantised form, by name. */
  readonly quantized?: ReadonlyMap<string, QuantizedParam>;
}

/** A program with its weights, to be tried on one target after the other. */
export interface Bench {
  readonly program: Program;
  readonly source: TensorSource;
  readonly dtype: FloatDType;
  readonly params: ReadonlyMap<string, HostTensor>;
  readonly settings: BuildSettings;
}

/** How much of its largest magnitude a value may be off before it counts as a departure. */
const DEPARTURE = { f32: 1e-4, f16: 2e-2, bf16: 1e-1 } as const;

/** Where a target, driven as the reference is, first gives something else. The reference departs from nothing. */
export async function departureOf(bench: Bench, target: VerifyTarget, drive: Drive): Promise<Departure | undefined> {
  if (target === 'reference') return undefined;
  const exposed = exposeValues(compileFor(target, bench.program, bench.settings.profile));
  return withExecutor(bench, 'reference', exposed, (reference) =>
    withExecutor(bench, target, exposed, (executor) =>
      findDeparture(exposed, { reference, target: executor }, drive, DEPARTURE[bench.dtype]),
    ),
  );
}

/** Builds `program` for a target into a temporary folder, as `build` would, and opens it there. */
export async function withExecutor<T>(
  { source, settings, params }: Bench,
  target: VerifyTarget,
  program: Program,
  use: (executor: Executor) => Promise<T>,
): Promise<T> {
  if (target === 'reference') return use(referenceExecutor(program, { param: (name) => required(params, name) }));
  const dir = await mkdtemp(join(tmpdir(), 'casement-verify-'));
  try {
    const { variant, ...options } = settings;
    await writeArtifact(dir, program, source, { targets: [target], ...options });
    const executor = await openExecutor(dir, target, target === 'webgpu' ? { variant } : {});
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
