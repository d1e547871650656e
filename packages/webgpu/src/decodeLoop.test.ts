import { parseProgram, verifyProgram } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import { lowerToWebGpu } from './lowerToWebGpu.ts';

/** A decoder that is nothing but its interface: further inputs, and what becomes of the logits. */
function loopOf(inputs: string, chooses: string): unknown {
  const program = parseProgram(`
program small
dim seq = 1 .. 4
dim kept = 0 .. 4
dim past = 0 .. 8
param @table : f32[5 8]
state $cache : f32[1 past 8] axis 1

entry step(%input_ids : i32[1 seq], %position_ids : i32[1 seq]${inputs}) {
  %x : f32[1 seq 8] = gather(@table, %input_ids) {axis=0}
  %grown : f32[1 past+seq 8] = append($cache, %x) {axis=1}
  ${chooses}
  keep $cache = %grown
  return logits = %logits
}
`);
  verifyProgram(program);
  const file = { file: 'w', byteOffset: 0, byteLength: 160, dtype: 'f32' } as const;
  const { plan } = lowerToWebGpu(program, { weights: new Map([['table', file]]) });
  return plan.variants[0]?.entries.step?.special?.[0]?.loop;
}

describe('a decode loop', () => {
  it('is there where tokens and positions are all that is read', () => {
    expect(loopOf('', '%logits : f32[1 seq 5] = linear(%x, @table)')).toBeDefined();
  });

  it('is there where picking one of one position reads nothing', () => {
    const pick = '%k : f32[1 kept 8] = gather(%x, %keep) {axis=1}\n  %logits : f32[1 kept 5] = linear(%k, @table)';
    expect(loopOf(', %keep : i32[kept]', pick)).toBeDefined();
  });

  it('is not there where another input is read, which nobody would write', () => {
    const pick = '%k : f32[1 seq 8] = gather(@table, %styles) {axis=0}\n  %s : f32[1 seq 8] = add(%x, %k)';
    expect(loopOf(', %styles : i32[1 seq]', `${pick}\n  %logits : f32[1 seq 5] = linear(%s, @table)`)).toBeUndefined();
  });
});
