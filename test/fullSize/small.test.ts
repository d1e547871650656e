import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, openExecutor, presets, randomWeights, truncateConfig } from 'casement';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareRuns, recordRuns } from './compareRuns.ts';
import { openReference } from './openReference.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'casement-small-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What makes a preset small; kinds of layers, biases and ratios of heads stay. */
const text = { vocab_size: 203, hidden_size: 64, intermediate_size: 96 };
const vision = { hidden_size: 64, intermediate_size: 60, num_heads: 4, out_hidden_size: 64 };
const sizes = {
  '2B': { ...text, num_attention_heads: 4, num_key_value_heads: 2, head_dim: 16 },
  '3B': {
    ...text,
    num_attention_heads: 8,
    num_key_value_heads: 1,
    rope_scaling: { type: 'mrope', mrope_section: [1, 1, 2] },
  },
};

/** main.ts compares the presets themselves; this is the same, small enough to always run. */
describe.each(Object.entries(sizes))('%s, shrunk to two layers', (name, smaller) => {
  it("gives the reference's logits on every target, from random weights in bf16", async () => {
    const preset: Readonly<Record<string, unknown>> = { ...presets.get(name) };
    const shrunk = { ...preset, ...smaller, vision_config: { ...Object(preset.vision_config), ...vision } };
    const checkpoint = join(dir, `${name}-checkpoint`);
    await randomWeights({ config: truncateConfig(shrunk, 2), out: checkpoint });
    for (const dtype of ['f32', 'f16'] as const) {
      const artifact = join(dir, `${name}-${dtype}`);
      await build({ model: checkpoint, out: artifact, targets: ['onnx', 'webgpu'], dtype });
      const reference = await openReference(checkpoint, dtype);
      const runs = await recordRuns(reference);
      await reference.dispose();
      for (const target of ['onnx', 'webgpu'] as const) {
        const executor = await openExecutor(artifact, target);
        const comparisons = await compareRuns(runs, executor);
        await executor.dispose();
        expect(comparisons.map(({ run, output }) => `${run} ${output}`)).toEqual([
          'encodeImage image_embeds',
          'step logits',
          'step logits',
        ]);
        for (const { finite, maxDifference, maxMagnitude } of comparisons) {
          expect(finite).toBe(true);
          expect(maxMagnitude).toBeGreaterThan(0.5);
          expect(maxDifference).toBeLessThan(dtype === 'f32' ? 1e-4 : 2e-2);
        }
      }
    }
  });
});
