import { parseConfig } from '@casement/models';
import { expect, test } from 'vitest';
import { presets } from '../randomWeights/presets.ts';
import { compareFusions } from './compareFusions.ts';
import type { FrameCost } from './streamCosts.ts';

const stream = { frames: 512, imageTokens: 256, textTokens: 16 };
const [insertion = [], ca = [], casa = []] = compareFusions(
  parseConfig(presets.get('2B')).text,
  { dtype: 'f16' },
  stream,
).map(({ frames }) => frames);
/** Bytes of one position in the caches of all layers. */
const position = 2 * 28 * 8 * 128 * 2;
/** FLOPs of a query that sees one more key, in all layers. */
const pair = 4 * 28 * 16 * 128;

const growth = (frames: readonly FrameCost[], measure: 'flops' | 'bytesRead' | 'cacheBytes') =>
  new Set(frames.slice(1).map((frame, index) => frame[measure] - (frames[index]?.[measure] ?? 0)));

test('insertion keeps every image token, CASA the newest image and its text, CA the newest image', () => {
  expect(insertion.at(-1)?.cacheBytes).toBe(position * 512 * (256 + 16));
  expect(casa.at(-1)?.cacheBytes).toBe(position * (512 * 16 + 256 + 16));
  expect(ca.at(-1)?.cacheBytes).toBe(position * (512 * 16 + 256));
  expect(insertion.at(-1)?.textLength).toBe(512 * (256 + 16));
  expect(casa.at(-1)?.textLength).toBe(512 * 16);
});

test('from frame to frame, only the text that was added costs more', () => {
  // Every query of a frame sees what the frame before added. Of image tokens the last layer needs keys and values alone.
  const queries = 256 * 27 + 16 * 28;
  expect(growth(insertion, 'flops')).toEqual(new Set([(pair / 28) * queries * (256 + 16)]));
  expect(growth(casa, 'flops')).toEqual(new Set([pair * 16 * 16]));
  expect(growth(ca, 'flops')).toEqual(growth(casa, 'flops'));
  // Every run reads it: one chunk of 256 image tokens, and 16 tokens of text.
  const runs = 27 + 16 * 28;
  expect(growth(insertion, 'bytesRead')).toEqual(new Set([(position / 28) * runs * (256 + 16)]));
  expect(growth(casa, 'bytesRead')).toEqual(new Set([position * 16 * 16]));
  expect(growth(casa, 'cacheBytes')).toEqual(new Set([position * 16]));
});

test('an image that is no multiple of a chunk', () => {
  const [odd] = compareFusions(
    parseConfig(presets.get('2B')).text,
    { dtype: 'f16' },
    {
      frames: 1,
      imageTokens: 530,
      textTokens: 1,
    },
  );
  expect(odd?.frames[0]?.cacheBytes).toBe(position * 531);
});
