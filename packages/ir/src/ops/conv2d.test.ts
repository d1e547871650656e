import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runOp } from '../../../../test/support/runOp.ts';
import { evaluateGraph } from '../evaluate.ts';
import { seededRandom } from '../random.ts';
import { drawTensor } from '../samples.ts';
import { type HostTensor, tensorOf } from '../tensor.ts';
import { parseProgram } from '../text/parse.ts';
import { ops } from './index.ts';

const cases = fc.record({
  seed: fc.nat(),
  batch: fc.integer({ min: 1, max: 2 }),
  groups: fc.integer({ min: 1, max: 3 }),
  perGroup: fc.integer({ min: 1, max: 2 }),
  outPerGroup: fc.integer({ min: 1, max: 2 }),
  kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  padding: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
  size: fc.tuple(fc.integer({ min: 3, max: 6 }), fc.integer({ min: 3, max: 6 })),
});
type Case = typeof cases extends fc.Arbitrary<infer C> ? C : never;

/** By scattering: every element of x goes to all results whose kernel covers it. */
function scattered(x: HostTensor, weight: HostTensor, bias: HostTensor, shape: readonly number[], c: Case): number[] {
  const [, out = 1, rows = 1, columns = 1] = shape;
  const [height, width] = c.size;
  const [kh, kw] = c.kernel;
  const result = Array.from({ length: c.batch * out * rows * columns }, (_, i) => bias.data[Math.floor(i / (rows * columns)) % out] ?? 0); // biome-ignore format: a row
  x.data.forEach((value, i) => {
    const [column, row] = [(i % width) + c.padding[1], (Math.floor(i / width) % height) + c.padding[0]];
    const channel = Math.floor(i / (width * height)) % (c.groups * c.perGroup);
    const batch = Math.floor(i / (width * height * c.groups * c.perGroup));
    const [group, own] = [Math.floor(channel / c.perGroup), channel % c.perGroup];
    for (let o = group * c.outPerGroup; o < (group + 1) * c.outPerGroup; o++) {
      for (let ky = 0; ky < kh; ky++) {
        for (let kx = 0; kx < kw; kx++) {
          const [y, z] = [(row - ky) / c.stride[0], (column - kx) / c.stride[1]];
          if (!Number.isInteger(y) || !Number.isInteger(z) || y < 0 || z < 0 || y >= rows || z >= columns) continue;
          const at = ((batch * out + o) * rows + y) * columns + z;
          result[at] = (result[at] ?? 0) + value * (weight.data[((o * c.perGroup + own) * kh + ky) * kw + kx] ?? 0);
        }
      }
    }
  });
  return result;
}

it('is what every element of x adds to the places that its kernel covers', () => {
  fc.assert(
    fc.property(cases, (c) => {
      const random = seededRandom(c.seed);
      const draw = (...shape: readonly number[]) => drawTensor('f32', shape, 'normal', random);
      const x = draw(c.batch, c.groups * c.perGroup, ...c.size);
      const weight = draw(c.groups * c.outPerGroup, c.perGroup, ...c.kernel);
      const bias = draw(c.groups * c.outPerGroup);
      const y = runOp(ops.conv2d, [x, weight, bias], { stride: c.stride, padding: c.padding });
      const expected = scattered(x, weight, bias, y.shape, c);
      expect(y.data).toHaveLength(expected.length);
      expected.forEach((value, i) => {
        expect(y.data[i]).toBeCloseTo(value, 4);
      });
    }),
    { numRuns: 100 },
  );
});

it('of patches is a linear layer on each of them', () => {
  const random = seededRandom(3);
  const [x, weight] = [drawTensor('f32', [1, 2, 4, 4], 'normal', random), drawTensor('f32', [3, 2, 2, 2], 'normal', random)]; // biome-ignore format: a row
  const y = runOp(ops.conv2d, [x, weight], { stride: [2, 2], padding: [0, 0, 0, 0] });
  const split = runOp(ops.reshape, [x], { shape: [2, 2, 2, 2, 2] });
  const rows = runOp(ops.transpose, [split], { perm: [1, 3, 0, 2, 4] });
  const flat = runOp(ops.reshape, [rows], { shape: [4, 8] });
  const linear = runOp(ops.linear, [flat, runOp(ops.reshape, [weight], { shape: [3, 8] })], {});
  const turned = runOp(ops.transpose, [linear], { perm: [1, 0] });
  expect(y.shape).toEqual([1, 3, 2, 2]);
  turned.data.forEach((value, i) => {
    expect(y.data[i]).toBeCloseTo(value, 5);
  });
});

it('refuses an image that is smaller than the kernel', () => {
  const [x, weight] = [tensorOf('f32', [1, 1, 2, 1], [5, 6]), tensorOf('f32', [1, 1, 4, 1], [1, 1, 1, 1])];
  const attrs = { stride: [1, 1], padding: [1, 0, 0, 0] };
  expect(() => runOp(ops.conv2d, [x, weight], attrs)).toThrow('a window of 4 does not fit into 2 and 1 of padding');
  const sized = parseProgram(`program p
dim h = 1 .. 8
param @w : f32[1 1 4 1]
entry main(%x : f32[1 1 h 1]) {
  %y : f32[1 1 floor((h+1)/2)-1 1] = conv2d(%x, @w) {stride=[2 1], padding=[0 0 1 0]}
  return y = %y
}
`);
  const graph = sized.entries.get('main') ?? expect.fail('no entry');
  const given = ({ name }: { name: string }) => (name === 'x' ? x : weight);
  const run = () => evaluateGraph(graph, graph.outputs.map(({ value }) => value), { given, bindings: new Map([['h', 2]]) }); // biome-ignore format: a call
  expect(run).toThrow('y: a window of 4 does not fit into 2 and 1 of padding');
});

it('gives its bias where a kernel sees padding alone', () => {
  const [x, weight, bias] = [tensorOf('f32', [1, 1, 1, 1], [5]), tensorOf('f32', [1, 1, 1, 1], [2]), tensorOf('f32', [1], [7])]; // biome-ignore format: a row
  const y = runOp(ops.conv2d, [x, weight, bias], { stride: [1, 1], padding: [1, 0, 0, 1] });
  expect([...y.data]).toEqual([7, 7, 17, 7]);
});
