import { type HostTensor, parseProgram, tensorOf } from '@casement/ir';
import { expect, it } from 'vitest';
import { packWeights } from '../test/weights.ts';
import { lowerToWebGpu, portableProfile, type WebGpuOptions } from './index.ts';

/** What building a program fails with. */
function failure(text: string, options: Partial<WebGpuOptions> = {}): string {
  try {
    lowerToWebGpu(parseProgram(text), { weights: new Map(), ...options });
  } catch (error) {
    return String(error);
  }
  return expect.fail('nothing was thrown');
}

function weights(...tensors: [string, HostTensor][]) {
  return packWeights('model.safetensors', new Map(tensors)).locations;
}

const limits = { ...portableProfile.limits, maxStorageBufferBindingSize: 1024 };
const profile = { ...portableProfile, limits };

it('says what this target cannot run, where, and what to do', () => {
  const table = ['table', tensorOf('f32', [100, 4], new Array<number>(400).fill(0))] as const;
  const bothUses = (use: string) => `
program p
dim n = 1 .. 9
param @table : f32[100 4]
entry main(%x : f32[n 4], %ids : i32[n]) {
  ${use} in "model.embed" at "model.ts":3:7
  return y = %y
}`;
  expect({
    'an i64 input': failure(
      'program p\ndim n = 1 .. 9\nentry main(%ids : i64[n]) {\n  %y : f32[n] = cast(%ids) {to="f32"} in "embed" at "model.ts":3:7\n  return y = %y\n}',
    ),
    'an i64 result': failure(
      'program p\ndim n = 1 .. 9\nentry main(%ids : i32[n]) {\n  %y : i64[n] = cast(%ids) {to="i64"} in "embed" at "model.ts":3:7\n  return y = %y\n}',
    ),
    'an i64 state': failure(
      'program p\ndim past = 0 .. 10\nstate $seen : i64[1 past] axis 1\nentry main() {\n  keep $seen = $seen\n}',
    ),
    'a value that is too large': failure(
      'program p\ndim seq = 1 .. 4096\nentry main(%x : f32[seq 1]) {\n  %logits : f32[seq 64000] = broadcastTo(%x) {shape=[seq 64000]} in "lm_head" at "model.ts":3:7\n  return y = %logits\n}',
    ),
    'an input that is too large': failure(
      'program p\ndim n = 1 .. 1000000000\nentry main(%x : f32[n]) {\n  return y = %x\n}',
    ),
    'a state that is too large': failure(
      'program p\ndim past = 0 .. 1000000\nstate $keys : f32[1 past 8 16] axis 1\nentry main() {\n  keep $keys = $keys\n}',
    ),
    'a param without weights': failure(bothUses('%y : f32[n 4] = gather(@table, %ids) {axis=0}')),
    'weights of another size': failure(bothUses('%y : f32[n 4] = gather(@table, %ids) {axis=0}'), {
      weights: weights(['table', tensorOf('f32', [100, 3], new Array<number>(300).fill(0))]),
    }),
    'weights of another kind': failure(bothUses('%y : f32[n 4] = gather(@table, %ids) {axis=0}'), {
      weights: weights(['table', tensorOf('i32', [100, 4], new Array<number>(400).fill(0))]),
    }),
    'a large param where it cannot be split': failure(bothUses('%y : f32[100 4] = abs(@table)'), {
      weights: weights([...table]),
      profile,
    }),
    'rows that are too large to split by': failure(
      'program p\ndim n = 1 .. 2\nparam @table : f32[8 100]\nentry main(%ids : i32[n]) {\n  %y : f32[n 100] = gather(@table, %ids) {axis=0}\n  return y = %y\n}',
      { weights: weights(['table', tensorOf('f32', [8, 100], new Array<number>(800).fill(0))]), profile },
    ),
    'a symbolic head size': failure(
      'program p\ndim d = 1 .. 9\nentry main(%q : f32[1 2 2 d]) {\n  %y : f32[1 2 2 d] = attention(%q, %q, %q) {causal=true, scale=1} in "layers.0" at "model.ts":3:7\n  return y = %y\n}',
    ),
    'a number that WGSL cannot write': failure(
      'program p\nentry main(%x : f32[2 2], %w : f32[2]) {\n  %y : f32[2 2] = rmsNorm(%x, %w) {eps=1e99, scaleInF32=true}\n  return y = %y\n}',
    ),
  }).toMatchInlineSnapshot(`
    {
      "a large param where it cannot be split": "IrError: entry main: param "table" is larger than the 1024 bytes that may be bound at once; linear (as its weight) and gather (as its table, axis 0) split it by rows, abs does not
      in model.embed
      at model.ts:3:7",
      "a number that WGSL cannot write": "IrError: entry main: rmsNorm: 1e+99 has no WGSL literal; keep it within ±3.4e38",
      "a param without weights": "IrError: entry main: param "table": f32[100 4] has no weights; give their location
      in model.embed
      at model.ts:3:7",
      "a state that is too large": "IrError: state "keys" has 512000000 bytes for 1000000 positions of "past"; 134217728 may be bound at once: lower that dim's bound",
      "a symbolic head size": "IrError: entry main: attention: the head size must be a fixed number, got d
      in layers.0
      at model.ts:3:7",
      "a value that is too large": "IrError: entry main: "logits", f32[seq 64000], takes 1048576000 bytes (seq ≤ 4096); 134217728 may be bound at once: lower those bounds
      in lm_head
      at model.ts:3:7",
      "an i64 input": "IrError: entry main: input "ids" is i64, which WGSL lacks; use i32 for it in the model",
      "an i64 result": "IrError: entry main: "y" is i64, which WGSL lacks; use i32 for it in the model
      in embed
      at model.ts:3:7",
      "an i64 state": "IrError: state "seen" is i64, which WGSL lacks; use i32 for it in the model",
      "an input that is too large": "IrError: entry main: input "x", f32[n], takes 4000000000 bytes (n ≤ 1000000000); 134217728 may be bound at once: lower those bounds",
      "rows that are too large to split by": "IrError: entry main: param "table" has 3200 bytes in 8 rows; 4 rows exceed the 1024 bytes that may be bound at once",
      "weights of another kind": "IrError: entry main: param "table": f32[100 4] is stored as i32 in model.safetensors; convert it first
      in model.embed
      at model.ts:3:7",
      "weights of another size": "IrError: entry main: param "table": f32[100 4] needs 1600 bytes as f32, model.safetensors has 1200
      in model.embed
      at model.ts:3:7",
    }
  `);
});
