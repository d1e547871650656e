import { parseProgram, printGraph, type Quantization, verifyProgram } from '@casement/ir';
import { expect, it } from 'vitest';
import { entryOf } from '../../../test/support/passes.ts';
import { quantizationPolicy } from './quantizationPolicy.ts';
import { quantizableWeights, quantizeWeights } from './quantizeWeights.ts';

const Q4: Quantization = { bits: 4, block: 32, zeroPoints: false };

const TEXT = `
program m
dim seq = 1 .. 4
param @embed.weight : f16[50 64]
param @norm.weight : f16[64]
param @layers.0.up.weight : f16[100 64]
param @layers.0.up.bias : f16[100]
param @layers.0.down.weight : f16[64 100]
param @layers.0.mixed.weight : f16[64 64]
param @small.weight : f16[3 4]

entry main(%ids : i32[1 seq]) {
  %x : f16[1 seq 64] = gather(@embed.weight, %ids) {axis=0}
  %n : f16[1 seq 64] = mul(%x, @norm.weight)
  %u : f16[1 seq 100] = linear(%n, @layers.0.up.weight, @layers.0.up.bias)
  %d : f16[1 seq 64] = linear(%u, @layers.0.down.weight)
  %a : f16[1 seq 64] = linear(%d, @layers.0.mixed.weight)
  %b : f16[1 seq 64] = matmul(%d, @layers.0.mixed.weight)
  %c : f16[1 seq 64] = add(%a, %b)
  %y : f16[1 seq 50] = linear(%c, @embed.weight)
  %four : f16[1 seq 4] = slice(%c) {axis=2, start=0, size=4}
  %s : f16[1 seq 3] = linear(%four, @small.weight)
  return y = %y
  return s = %s
}
`;

it('quantises products and lookups, a tied weight once, and says what it left', () => {
  const program = parseProgram(TEXT);
  const { program: after, quantized, notes } = quantizeWeights(program, () => ({ ...Q4, zeroPoints: true }));
  verifyProgram(after);
  expect([...after.params.keys()]).toEqual([
    'embed.weight_q4',
    'embed.weight_scales',
    'embed.weight_zeros',
    'norm.weight',
    'layers.0.up.weight_q4',
    'layers.0.up.weight_scales',
    'layers.0.up.weight_zeros',
    'layers.0.up.bias',
    'layers.0.down.weight_q4',
    'layers.0.down.weight_scales',
    'layers.0.down.weight_zeros',
    'layers.0.mixed.weight',
    'small.weight',
  ]);
  expect(quantized.get('layers.0.down.weight')?.parts).toEqual({
    packed: { name: 'layers.0.down.weight_q4', shape: [64, 4, 16] },
    scales: { name: 'layers.0.down.weight_scales', shape: [64, 4] },
    zeros: { name: 'layers.0.down.weight_zeros', shape: [64, 2] },
  });
  expect(notes).toEqual([
    'left "layers.0.mixed.weight" as it is: matmul "b" reads it, too',
    'left "small.weight" as it is: 57 bytes instead of 24 save nothing',
  ]);
  expect(printGraph(entryOf(after))).toMatchInlineSnapshot(`
    [
      "entry main(%ids : i32[1 seq]) {",
      "  %x : f16[1 seq 64] = quantizedGather(%ids, @embed.weight_q4, @embed.weight_scales, @embed.weight_zeros) {bits=4, block=32, columns=64}",
      "  %n : f16[1 seq 64] = mul(%x, @norm.weight)",
      "  %u : f16[1 seq 100] = quantizedLinear(%n, @layers.0.up.weight_q4, @layers.0.up.weight_scales, @layers.0.up.weight_zeros, @layers.0.up.bias) {bits=4, block=32, columns=64}",
      "  %d : f16[1 seq 64] = quantizedLinear(%u, @layers.0.down.weight_q4, @layers.0.down.weight_scales, @layers.0.down.weight_zeros) {bits=4, block=32, columns=100}",
      "  %a : f16[1 seq 64] = linear(%d, @layers.0.mixed.weight)",
      "  %b : f16[1 seq 64] = matmul(%d, @layers.0.mixed.weight)",
      "  %c : f16[1 seq 64] = add(%a, %b)",
      "  %y : f16[1 seq 50] = quantizedLinear(%c, @embed.weight_q4, @embed.weight_scales, @embed.weight_zeros) {bits=4, block=32, columns=64}",
      "  %four : f16[1 seq 4] = slice(%c) {axis=2, start=0, size=4}",
      "  %s : f16[1 seq 3] = linear(%four, @small.weight)",
      "  return y = %y",
      "  return s = %s",
      "}",
    ]
  `);
});

it('changes nothing when nothing is chosen', () => {
  const program = parseProgram(TEXT);
  const result = quantizeWeights(program, () => undefined);
  expect(result).toEqual({ program, changed: false, notes: [], quantized: new Map() });
  expect(result.program).toBe(program);
});

it('chooses by overrides, of which the last that fits counts', () => {
  const weights = quantizableWeights(parseProgram(TEXT));
  const choose = quantizationPolicy(
    Q4,
    { 'layers.0': 8, 'layers.*.up': 'none', embed: 8, 'small.weight': 'none' },
    weights,
  );
  expect(Object.fromEntries(weights.map((name) => [name, choose(name)?.bits]))).toEqual({
    'embed.weight': 8,
    'layers.0.up.weight': undefined,
    'layers.0.down.weight': 8,
    'layers.0.mixed.weight': 8,
    'small.weight': undefined,
  });
});

it.each(['layers.0.dwn', 'layers.1', 'norm', 'layers.0.up.bias'])(
  'refuses the override %s, which fits nothing',
  (pattern) => {
    const weights = quantizableWeights(parseProgram(TEXT));
    expect(() => quantizationPolicy(Q4, { [pattern]: 8 }, weights)).toThrowErrorMatchingSnapshot();
  },
);
