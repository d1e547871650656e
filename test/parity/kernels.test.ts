import { isFloat, type Op, ops, sampleProgram } from '@casement/ir';
import { expandComposites, runPasses } from '@casement/passes';
import { deviceProfiles, loweredWhole } from '@casement/webgpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadProgram } from '../../packages/webgpu/test/dawn.ts';
import { compileOnce } from '../support/compileOnce.ts';
import { type ProgramCase, programCase, runCase, tensorDifference } from '../support/programCase.ts';
import { cases } from './cases.ts';
import { softwareDevice } from './devices.ts';
import { hasOwnKernels } from './hasOwnKernels.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = compileOnce(await softwareDevice());
});
afterAll(() => device.destroy());

/** Kernels sum in another order than the reference, and round less often in half precision. */
const TOLERANCE = { f32: 3e-5, f16: 4e-3, bf16: 3e-2 };

/** The share of an f32 result's largest number that may be lost to rounding: sums of bytes reach thousands. */
const ROUNDING = 1e-6;

/** Ops whose samples get kernels of their own in every class but the portable one; norms do so for longer rows only. */
const OWN_KERNELS = ['attention', 'linear', 'quantizedLinear'];

const samples = Object.values<Op>(ops).flatMap((op) =>
  op.samples.flatMap((sample) =>
    (['f32', 'f16'] as const).map((dtype) => ({ name: `${op.name}: ${sample.name} in ${dtype}`, op, sample, dtype })),
  ),
);

// SwiftShader has no halves: `npm run parity` on lavapipe runs the class that needs them.
const profiles = deviceProfiles.filter(({ features }) => !features.has('shader-f16'));

describe.each(profiles)('class $name', (profile) => {
  it.each(Object.entries(cases))('%s', async (_name, make) => expectReference(make(), profile));

  // What is lowered as for every device is tested with all targets, elsewhere.
  it('op samples that have kernels of their own', { timeout: 120_000 }, async () => {
    const own = new Set<string>();
    for (const { name, op, sample, dtype } of samples) {
      const made = sampleProgram(op, sample, { dtype });
      const program = runPasses(made.program, [expandComposites((op) => loweredWhole.has(op))]).program;
      if (!hasOwnKernels(program, profile)) continue;
      own.add(op.name);
      const call = { entry: 'main', inputs: made.inputs, sizes: {} };
      await expectReference({ ...programCase(program, []), calls: [call] }, profile, name);
    }
    expect([...own].sort()).toEqual(profile.name === 'portable' ? [] : OWN_KERNELS);
  });
});

async function expectReference(
  made: ProgramCase,
  profile: (typeof deviceProfiles)[number],
  name = made.program.name,
): Promise<void> {
  const model = await loadProgram(device, made.program, made.params, { profile });
  for (const [turn, { outputs }] of runCase(made).entries()) {
    const call = made.calls[turn];
    const found = await model.run(call?.entry ?? '', Object.fromEntries(call?.inputs ?? []));
    for (const [output, wanted] of outputs) {
      const { dtype } = wanted;
      const flat = dtype === 'f32' || dtype === 'f16' || dtype === 'bf16' ? TOLERANCE[dtype] : 0;
      const allowed = dtype === 'f32' ? Math.max(flat, ROUNDING * largestOf(wanted)) : flat;
      const difference = tensorDifference(found[output], wanted);
      const sizes = JSON.stringify(call?.sizes);
      expect(difference, `${name} ${sizes}: ${output}`).toBeLessThanOrEqual(isFloat(dtype) ? allowed : 0);
    }
  }
  await model.dispose();
}

function largestOf({ data }: { readonly data: ArrayLike<number> }): number {
  return Array.from(data).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
