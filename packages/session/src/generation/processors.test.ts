import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { banTokens, type NoRepeat, repeatsAfter } from './banRepeats.ts';
import { biasStopTokens, biasTokens } from './biasTokens.ts';
import { keepTopK } from './keepTopK.ts';
import { keepTopP } from './keepTopP.ts';
import { type EmaPenalty, recentCounts } from './penalizeOften.ts';
import { penalizeSeen } from './penalizeSeen.ts';
import { scaleByTemperature } from './scaleByTemperature.ts';

type Case = { readonly ids: readonly number[]; readonly before: Row; readonly after: Row } & (
  | { readonly name: 'temperature' | 'topK' | 'topP' | 'repetitionPenalty' | 'stopBias'; readonly value: number }
  | { readonly name: 'logitBias'; readonly value: readonly (readonly [number, number])[] }
  | { readonly name: 'emaPenalty'; readonly value: EmaPenalty }
  | { readonly name: 'noRepeat'; readonly value: NoRepeat }
);
/** JSON has no −∞. */
type Row = readonly (number | null)[];

const file = new URL('../../golden/sampling/goldens.json', import.meta.url);
// Written by make.py beside it, in this shape.
const { stopTokens, cases } = JSON.parse(readFileSync(file, 'utf8')) as { stopTokens: number[]; cases: Case[] };

const toRow = (row: Row) => Float32Array.from(row, (logit) => logit ?? Number.NEGATIVE_INFINITY);

function apply(row: Float32Array, { ids, ...golden }: Case): void {
  if (golden.name === 'temperature') scaleByTemperature(row, golden.value);
  else if (golden.name === 'topK') keepTopK(row, golden.value);
  else if (golden.name === 'topP') keepTopP(row, golden.value);
  else if (golden.name === 'repetitionPenalty') penalizeSeen(row, new Set(ids), golden.value);
  else if (golden.name === 'stopBias') biasStopTokens(row, stopTokens, golden.value);
  else if (golden.name === 'logitBias') biasTokens(row, new Map(golden.value));
  else if (golden.name === 'noRepeat') banTokens(row, repeatsAfter(ids, golden.value, stopTokens));
  else if (golden.name === 'emaPenalty') {
    const counts = recentCounts(golden.value);
    for (const id of ids) counts.count(id);
    counts.penalize(row, stopTokens);
  }
}

/** The largest relative difference; ∞ where only one is −∞. */
function distance(row: Float32Array, wanted: Float32Array): number {
  const differences = Array.from(row, (logit, i) => {
    const other = wanted[i] ?? Number.NaN;
    if (logit === other) return 0;
    return Number.isFinite(logit) && Number.isFinite(other) ? Math.abs(logit / other - 1) : Number.POSITIVE_INFINITY;
  });
  return Math.max(...differences);
}

describe('logits processors equal those of transformers', () => {
  const names = [...new Set(cases.map(({ name }) => name))];
  it.each(names)('%s', (name) => {
    for (const golden of cases.filter((golden) => golden.name === name)) {
      const row = toRow(golden.before);
      apply(row, golden);
      // A power of float32 numbers may end in another last bit; all else is exact.
      expect(distance(row, toRow(golden.after))).toBeLessThanOrEqual(name === 'emaPenalty' ? 1e-6 : 0);
    }
  });
});

it('keeps one token however small topP is, and its equals', () => {
  const row = Float32Array.of(1, 2, 2, -1);
  keepTopP(row, 1e-9);
  expect([...row]).toEqual([Number.NEGATIVE_INFINITY, 2, 2, Number.NEGATIVE_INFINITY]);
});

it('finds the k largest of many', () => {
  const row = Float32Array.from({ length: 10_000 }, (_, i) => Math.sin(i * 12.9898) * 43758.5453);
  const sorted = row.slice().sort().reverse();
  for (const k of [1, 2, 50, 257, 9_999]) {
    const kept = row.slice();
    keepTopK(kept, k);
    expect(
      kept
        .filter((logit) => logit > Number.NEGATIVE_INFINITY)
        .sort()
        .reverse(),
    ).toEqual(sorted.slice(0, k));
  }
});

it('never bans stop tokens', () => {
  expect(repeatsAfter([0, 1, 0, 1, 0], { size: 2, window: 9 }, [1])).toEqual([]);
  expect(repeatsAfter([0, 1, 0, 1, 0], { size: 2, window: 3 }, [])).toEqual([1]);
});
