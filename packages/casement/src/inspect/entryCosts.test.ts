import { modelFromConfig } from '@casement/models';
import { describe, expect, test } from 'vitest';
import { presets } from '../randomWeights/presets.ts';
import { costAt, type EntryCost, programCosts } from './entryCosts.ts';
import { imageRun } from './imageRun.ts';

const program = modelFromConfig(presets.get('2B')).build({ dtype: 'f16' });
const costs = programCosts(program);

function entry(name: string): EntryCost {
  const cost = costs.entries.get(name);
  if (cost === undefined) throw new Error(`no entry ${name}`);
  return cost;
}

function at(name: string, bindings: Readonly<Record<string, number>>) {
  return costAt(entry(name), new Map(Object.entries(bindings)));
}

// Helium-1-2B with CASA in every block, by hand.
const [layers, hidden, ffn, heads, kvHeads, headDim, vocab] = [28, 2048, 8192, 16, 8, 128, 64000];
const attentionWeights = 2 * hidden * heads * headDim + 2 * hidden * kvHeads * headDim; // q, o and k, v
const layerWeights = 2 * attentionWeights + 3 * hidden * ffn; // SA, CASA, MLP
const blockNorms = 2 * layers * hidden;
const norms = blockNorms + hidden;

describe('Helium-1-2B with CASA', () => {
  test.each([
    [1, 0, 0, 1],
    [1, 4095, 300, 1],
    [128, 77, 256, 1],
    [128, 77, 256, 128],
  ])('FLOPs of %i tokens after %i of text and a window of %i, with %i rows of logits', (seq, past, window, kept) => {
    const products = 2 * seq * layers * layerWeights + 2 * kept * vocab * hidden;
    const pairs = (before: number) => seq * before + (seq * (seq + 1)) / 2;
    const attention = 4 * layers * heads * headDim * (pairs(past) + pairs(window));
    const rotary = 3 * 2 * layers * (heads + kvHeads) * headDim;
    const elementwise = seq * (4 * blockNorms + 3 * layers * ffn + 3 * layers * hidden + rotary); // swiglu, residuals
    const lastNorm = kept * 4 * hidden;
    expect(at('step', { seq, past, window, kept }).flops).toBe(products + attention + elementwise + lastNorm);
  });

  test('a token reads every weight once but the table of embeddings, and the live keys and values', () => {
    const weights = 2 * (layers * layerWeights + norms + vocab * hidden);
    const row = 2 * hidden;
    const cache = 2 * layers * kvHeads * headDim * 2 * (1000 + 1 + 256 + 1);
    expect(at('step', { seq: 1, past: 1000, window: 256, kept: 1 }).bytesRead).toBe(weights + row + cache);
  });

  test('opening a window computes keys and values of the image, and nothing else', () => {
    const weights = layers * 2 * hidden * kvHeads * headDim;
    const rotary = 3 * layers * kvHeads * headDim;
    expect(at('openWindow', { image: 256 })).toEqual({ flops: 256 * (2 * weights + rotary), bytesRead: 2 * weights });
  });

  test('caches hold 2 · layers · kvHeads · headDim values for each position', () => {
    expect(String(costs.cacheBytes)).toBe('114688*past + 114688*window');
    expect(2 * layers * kvHeads * headDim * 2).toBe(114688);
    expect(Object.fromEntries(entry('step').lengthsAfter)).toMatchObject({ past: expect.anything() });
    expect(String(entry('step').lengthsAfter.get('window'))).toBe('seq + window');
    expect(String(entry('openWindow').lengthsAfter.get('window'))).toBe('image');
    expect(entry('openWindow').lengthsAfter.has('past')).toBe(false);
  });
});

describe('the image encoder', () => {
  test('attends in windows in 28 blocks and over the whole image in 4', () => {
    const [patches, width, mlp, out] = [1024, 1280, 3420, 2048]; // 448×448 pixels
    const weights = 1176 * width + 32 * (4 * width * width + 3 * width * mlp); // patches, q, k, v, o, MLPs
    const merger = (patches / 4) * (4 * width * (4 * width) + 4 * width * out);
    const attention = 4 * width * patches * (28 * 64 + 4 * patches);
    const { bindings } = imageRun(program, entry('encodeImage'), 256);
    const { flops, bytesRead } = costAt(entry('encodeImage'), bindings);
    const products = 2 * (patches * weights + merger) + attention;
    expect(flops).toBeGreaterThan(products);
    // Norms, biases, rotary, swiglu and residuals.
    expect(flops / products).toBeLessThan(1.005);
    const vision = [...program.params.values()].filter(({ name }) => name.startsWith('visual.'));
    const elements = vision.map(({ type }) => type.shape.reduce<number>((size, dim) => size * Number(dim), 1));
    expect(bytesRead).toBe(2 * elements.reduce((sum, size) => sum + size, 0));
  });

  test('windows are ragged at the edges of an image', () => {
    const { grid, bindings } = imageRun(program, entry('encodeImage'), 35);
    expect(grid).toEqual({ rows: 5, columns: 7 });
    // 10×14 patches: windows of 8×8, 8×6, 2×8 and 2×6.
    expect(bindings.get('pairs')).toBe(64 ** 2 + 48 ** 2 + 16 ** 2 + 12 ** 2);
  });
});

test('what two layers share is computed once, and what nobody reads not at all', () => {
  const fixture = {
    ...(presets.get('2B') ?? {}),
    num_hidden_layers: 2,
    vision_config: undefined,
    fusion: { attention: 'casa', shared: true, update_images: true },
  };
  const shared = programCosts(modelFromConfig(fixture).build({ dtype: 'f32' }));
  const bindings = new Map(Object.entries({ seq: 1, past: 0, window: 0, image: 1, kept: 1 }));
  const of = (name: string) => costAt(shared.entries.get(name) ?? entry(name), bindings);
  // In parallel order, q, k and v serve both; o is applied to each.
  const twoLayers = 2 * (attentionWeights + hidden * hidden + 3 * hidden * ffn) + vocab * hidden;
  const caches = 2 * 2 * kvHeads * headDim * 2;
  expect(of('step').bytesRead).toBe(4 * (twoLayers + 5 * hidden + hidden + caches));
  // Image tokens pass the first block's MLP; after the second nothing reads them.
  const keysAndValues = 2 * hidden * kvHeads * headDim;
  expect(of('openWindow').bytesRead).toBe(4 * (2 * keysAndValues + 3 * hidden * ffn + hidden));
});
