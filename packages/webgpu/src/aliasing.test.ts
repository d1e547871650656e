import {
  type Dim,
  drawTensor,
  GraphBuilder,
  namedDim,
  ops,
  type Program,
  parseProgram,
  seededRandom,
  type Value,
  verifyProgram,
} from '@casement/ir';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectClose, loadProgram, referenceOutputs, softwareDevice } from '../test/dawn.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await softwareDevice();
});
afterAll(() => device.destroy());

const [N, D]: [Dim, Dim] = [namedDim('n'), 6];

/** One step of a random graph on values [n 6]: which op, and which of the values so far. */
const step = fc.record({ op: fc.nat(9), first: fc.nat(), second: fc.nat() });
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A graph whose values live for long and short, with views, joins and operands used twice. */
function graphOf(steps: readonly Step[], exposeAll: boolean): Program {
  const graph = new GraphBuilder('main');
  const { emit } = graph;
  const values: Value[] = [graph.input('x', { dtype: 'f32', shape: [N, D] })];
  for (const { op, first, second } of steps) {
    const a = values[first % values.length];
    const b = values[second % values.length];
    if (a && b) values.push(emitStep(op, a, b));
  }
  const outputs = exposeAll ? values : values.slice(-1);
  outputs.forEach((value, i) => {
    graph.output(i === outputs.length - 1 ? 'y' : `v${i}`, value);
  });
  const dims = new Map([['n', { min: 1, max: 9, multipleOf: 1 }]]);
  return { name: 'random', dims, params: new Map(), states: new Map(), entries: new Map([['main', graph.finish()]]) };

  function emitStep(op: number, a: Value, b: Value): Value {
    switch (op) {
      case 0:
        return emit(ops.add, [a, b], {});
      case 1:
        return emit(ops.mul, [a, emit(ops.sigmoid, [b], {})], {});
      case 2:
        return emit(ops.softmax, [a], { axis: -1 });
      case 3:
        return emit(
          ops.matmul,
          [emit(ops.softmax, [emit(ops.matmul, [a, emit(ops.transpose, [b], { perm: [1, 0] })], {})], { axis: 0 }), a],
          {},
        );
      case 4:
        return emit(ops.transpose, [emit(ops.transpose, [a], { perm: [1, 0] })], { perm: [1, 0] });
      case 5:
        return emit(ops.slice, [emit(ops.concat, [a, b], { axis: 0 })], { axis: 0, start: N, size: N });
      case 6:
        return emit(ops.reshape, [emit(ops.reshape, [a], { shape: [D, N] })], { shape: [N, D] });
      case 7:
        return emit(
          ops.broadcastTo,
          [emit(ops.linear, [a, emit(ops.slice, [b], { axis: 0, start: 0, size: 1 })], {})],
          { shape: [N, D] },
        );
      case 8:
        return emit(ops.rmsNorm, [a, emit(ops.reduceMax, [b], { axis: 0, keepDims: false })], {
          eps: 1e-5,
          scaleInF32: true,
        });
      default:
        return emit(ops.max, [a, a], {});
    }
  }
}

it('gives the same numbers whether values share memory or not', async () => {
  const random = seededRandom(5);
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 25 }),
      fc.integer({ min: 1, max: 9 }),
      async (steps, n) => {
        const shared = await loadProgram(device, graphOf(steps, false));
        const apart = await loadProgram(device, graphOf(steps, true));
        expect(shared.memory.arena).toBeLessThanOrEqual(apart.memory.arena);
        for (const rows of [n, 9]) {
          const x = drawTensor('f32', [rows, 6], 'normal', random);
          const [a, b] = await Promise.all([shared.run('main', { x }), apart.run('main', { x }, { outputs: ['y'] })]);
          expect(a).toEqual(b);
        }
        await Promise.all([shared.dispose(), apart.dispose()]);
      },
    ),
    { numRuns: 20, seed: 1 },
  );
});

// WebGPU refuses a buffer that is bound twice when one binding can write, as those of the arena can.
it.each(['n', '4'])('takes one value as several operands, [%s 4]', async (n) => {
  const program = parseProgram(`
program twice
dim n = 1 .. 4

entry main(%x : f32[${n} 4], %i : i32[1 ${n}]) {
  %a : f32[${n} 4] = neg(%x)
  %heads : f32[1 ${n} 2 2] = reshape(%a) {shape=[1 ${n} 2 2]}
  %mixed : f32[1 ${n} 2 2] = attention(%heads, %heads, %heads) {causal=true, scale=0.5}
  %ids : i32[1 ${n}] = add(%i, %i)
  %parted : f32[1 ${n} 2 2] = attention(%heads, %mixed, %heads, %ids, %ids) {causal=false, scale=0.5}
  %square : f32[${n} 4] = mul(%a, %a)
  %row : f32[1 4] = slice(%a) {axis=0, start=0, size=1}
  %weight : f32[4] = reshape(%row) {shape=[4]}
  %normed : f32[1 4] = rmsNorm(%row, %weight) {eps=0.1, scaleInF32=true}
  %centred : f32[1 4] = layerNorm(%row, %weight, %weight) {eps=0.1}
  %dot : f32[1 1] = linear(%row, %row)
  %column : f32[4 1] = reshape(%row) {shape=[4 1]}
  %outer : f32[4 4] = matmul(%column, %row)
  %joined : f32[${n} 8] = concat(%a, %a) {axis=1}
  %gated : f32[${n} 4] = swiglu(%a, %a)
  return mixed = %mixed
  return parted = %parted
  return square = %square
  return normed = %normed
  return centred = %centred
  return dot = %dot
  return outer = %outer
  return joined = %joined
  return gated = %gated
}
`);
  verifyProgram(program);
  const random = seededRandom(2);
  const tensors = new Map([
    ['x', drawTensor('f32', [4, 4], 'normal', random)],
    ['i', drawTensor('i32', [1, 4], { below: 2 }, random)],
  ]);
  const model = await loadProgram(device, program);
  const outputs = await model.run('main', Object.fromEntries(tensors));
  for (const [name, wanted] of referenceOutputs(program, 'main', tensors)) expectClose(outputs[name], wanted, 1e-5);
  await model.dispose();
});
