import {
  evaluateDim,
  expandNode,
  GraphBuilder,
  inputAt,
  type Node,
  namedDim,
  ops,
  parseTypeText,
  type Value,
} from '@casement/ir';
import { describe, expect, test } from 'vitest';
import { costs } from './costs.ts';
import { countPairs } from './segmentPairs.ts';

const noSegments = () => namedDim('unknown');

function flopsOf(node: Node): number {
  return evaluateDim(costs[node.op.name as keyof typeof costs].flops(node, noSegments), new Map()); // all are listed
}

/** The node of an op on inputs of these types, and the FLOPs of what it expands to, by op. */
function expanded(op: keyof typeof ops, types: readonly string[], attrs: Record<string, number | boolean>) {
  const builder = new GraphBuilder('lone');
  const inputs = types.map((type, index): Value => builder.input(`x${index}`, parseTypeText(type)));
  builder.emit(ops[op] as never, inputs, attrs as never); // one call for ops of every kind
  const node = inputAt(builder.finish().nodes, 0);
  if (node.op.kind !== 'composite') throw new Error(`${op} is no composite`);
  const flops = new Map<string, number>();
  for (const inner of expandNode(node, node.op).nodes) {
    flops.set(inner.op.name, (flops.get(inner.op.name) ?? 0) + flopsOf(inner));
  }
  return { node, flops, total: [...flops.values()].reduce((sum, count) => sum + count, 0) };
}

describe('a composite op that is listed costs what it expands to', () => {
  const rows = 'f32[1 2 4096]';
  test.each([
    ['rmsNorm', [rows, 'f32[4096]'], { eps: 1e-6, scaleInF32: false }],
    ['silu', [rows], {}],
    ['softmax', [rows], { axis: -1 }],
    ['swiglu', [rows, rows], {}],
  ] as const)('%s, per element', (op, types, attrs) => {
    const { node, total } = expanded(op, types, attrs);
    // What is done once per row does not count.
    expect(flopsOf(node)).toBe(Math.round(total / 8192) * 8192);
  });

  test('linear', () => {
    const { node, total } = expanded('linear', ['f32[3 5 64]', 'f32[32 64]', 'f32[32]'], {});
    expect(flopsOf(node)).toBe(total);
    expect(total).toBe(2 * 15 * 32 * 64 + 15 * 32);
  });

  test('attention: its products, without the keys that nobody sees', () => {
    const types = ['f32[1 4 6 8]', 'f32[1 9 2 8]', 'f32[1 9 2 16]'];
    const { node, flops } = expanded('attention', types, { causal: false, scale: 1 });
    expect(flopsOf(node)).toBe(flops.get('matmul'));
    const causal = expanded('attention', types, { causal: true, scale: 1 });
    expect(flopsOf(causal.node)).toBe(2 * 6 * (8 + 16) * (6 + 7 + 8 + 9));
  });
});

test('pairs of equal segments', () => {
  const ids = (data: readonly number[]) => ({
    dtype: 'i32' as const,
    shape: [1, data.length],
    data: Int32Array.from(data),
  });
  const [q, k] = [ids([0, 1, 1]), ids([1, 0, 0, 1, 1])];
  expect(countPairs(q, k, false)).toBe(2 + 3 + 3);
  // Query i sees keys 0 … 2 + i.
  expect(countPairs(q, k, true)).toBe(2 + 2 + 3);
});
