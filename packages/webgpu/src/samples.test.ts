import { type HostTensor, type Op, ops, type Program, sampleProgram, type Value } from '@casement/ir';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectClose, loadProgram, referenceOutputs, softwareDevice } from '../test/dawn.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await softwareDevice();
});
afterAll(() => device.destroy());

const cases = Object.values<Op>(ops).flatMap((op) => op.samples.map((sample) => ({ op, sample })));

/** The program with float inputs as params, so that weights take part in every way an op can use them. */
function withParams(program: Program): Program {
  const isParam = ({ kind, type }: Value) => kind === 'input' && type.dtype !== 'i32';
  const params = new Map<string, Value>();
  const entries = [...program.entries].map(([name, graph]) => {
    const renamed = new Map(
      graph.inputs.filter(isParam).map((value): [Value, Value] => [value, { ...value, kind: 'param' }]),
    );
    for (const value of renamed.values()) params.set(value.name, value);
    const nodes = graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((value) => renamed.get(value) ?? value),
    }));
    return [name, { ...graph, inputs: graph.inputs.filter((value) => !isParam(value)), nodes }] as const;
  });
  return { ...program, params, entries: new Map(entries) };
}

async function expectSameAsReference(program: Program, tensors: ReadonlyMap<string, HostTensor>, tolerance: number) {
  const params = new Map([...tensors].filter(([name]) => program.params.has(name)));
  const inputs = Object.fromEntries([...tensors].filter(([name]) => !program.params.has(name)));
  const model = await loadProgram(device, program, params);
  const outputs = await model.run('main', inputs);
  for (const [name, wanted] of referenceOutputs(program, 'main', tensors))
    expectClose(outputs[name], wanted, tolerance);
  expect(model.memory.arena).toBeGreaterThan(0);
  await model.dispose();
}

describe.each(cases)('$op.name: $sample.name', ({ op, sample }) => {
  it('gives the numbers of the reference in f32', async () => {
    const { program, inputs } = sampleProgram(op, sample);
    await expectSameAsReference(program, inputs, 1e-5);
  });

  // Activations stay f32 where the reference rounds them, so these differ by the dtype's own precision.
  it.each([
    ['f16', 4e-3],
    ['bf16', 3e-2],
  ] as const)('reads %s weights', async (dtype, tolerance) => {
    const { program, inputs } = sampleProgram(op, sample, { dtype });
    await expectSameAsReference(withParams(program), inputs, tolerance);
  });
});
