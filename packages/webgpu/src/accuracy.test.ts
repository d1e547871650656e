import { GraphBuilder, type Op, ops, type Program, seededRandom, tensorOf } from '@casement/ir';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadProgram, softwareDevice } from '../test/dawn.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await softwareDevice();
});
afterAll(() => device.destroy());

function unary(op: Op<Readonly<Record<string, never>>>): Program {
  const graph = new GraphBuilder('main');
  const x = graph.input('x', { dtype: 'f32', shape: [4096] });
  graph.output('y', graph.emit(op, [x], {}));
  return {
    name: op.name,
    dims: new Map(),
    params: new Map(),
    states: new Map(),
    entries: new Map([['main', graph.finish()]]),
  };
}

// What WGSL's built-ins do not promise: see wgsl/math.ts. Errors are absolute plus relative.
it.each([
  ['sin', 1e5, 4e-7, Math.sin],
  ['cos', 1e5, 4e-7, Math.cos],
  ['sin', 4, 2e-7, Math.sin],
  ['tanh', 200, 3e-7, Math.tanh],
  ['tanh', 0.2, 2e-7, Math.tanh],
  ['sigmoid', 1000, 3e-7, (x: number) => 1 / (1 + Math.exp(-x))],
  ['exp', 20, 3e-6, Math.exp],
] as const)('%s of up to ±%s', async (op, range, tolerance, exact) => {
  const random = seededRandom(11);
  const x = tensorOf(
    'f32',
    [4096],
    Array.from({ length: 4096 }, () => (2 * random() - 1) * range),
  );
  const model = await loadProgram(device, unary(ops[op]));
  const { y } = await model.run('main', { x });
  const errors = Array.from(y?.data ?? [], (value, i) => {
    const wanted = exact(x.data[i] ?? 0);
    return Math.abs(value - wanted) / (1 + Math.abs(wanted));
  });
  expect(errors).toHaveLength(4096);
  expect(errors.reduce((most, error) => Math.max(most, error), 0)).toBeLessThan(tolerance);
  await model.dispose();
});
