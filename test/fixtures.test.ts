import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type VerifyOptions, type VerifyTarget, verify } from '../packages/casement/src/verify/verify.ts';

/**
 * Models and what PyTorch made of them. Most come from the project's oracle scripts as they are; `qwen2_5-vl-edges`
 * (images of one token and of one row, one kv head, a head of its own) and `casa-qwen-shared` (shared projections, image
 * tokens through the MLP) are two more cases of the same scripts.
 */
const fixtures = join(import.meta.dirname, 'fixtures');

describe.each(readdirSync(fixtures))('%s', (name) => {
  test.each([
    ['f32', 'reference', 'ort', 1e-5],
    ['f32', 'onnx', 'ort', 5e-5],
    ['f32', 'onnx', 'onnx', 5e-5],
    ['f32', 'webgpu', 'ort', 5e-5],
    ['f16', 'onnx', 'ort', 2e-2],
    ['f16', 'onnx', 'onnx', 2e-2],
    ['f16', 'webgpu', 'ort', 2e-2],
  ] as const)('in %s on %s (profile %s): image tokens, logits and tokens', async (dtype, target, profile, allowed) => {
    const { report, expectedGreedy } = await verifyFixture(name, target, { dtype, profile });
    const differences = [report.chunked, report.tokenByToken, report.betweenBoth];
    for (const { maxAbsolute } of differences) expect(maxAbsolute).toBeLessThanOrEqual(allowed);
    if (name.includes('qwen')) expect(report.imageTokens?.maxAbsolute).toBeLessThanOrEqual(allowed);
    else expect(report.imageTokens).toBeUndefined();
    // In half precision a near tie may fall the other way.
    if (dtype === 'f32') expect(report.greedy).toEqual(expectedGreedy);
  });
});

async function verifyFixture(name: string, target: VerifyTarget, options: Pick<VerifyOptions, 'dtype' | 'profile'>) {
  const model = join(fixtures, name);
  const golden = join(model, 'golden.safetensors');
  const verified = await verify({ model, golden, targets: [target], ...options });
  const [report] = verified.kind === 'conversation' ? verified.targets : [];
  if (verified.kind !== 'conversation' || !report) throw new Error(`${name} is not verified as a conversation`);
  return { report, expectedGreedy: verified.expectedGreedy };
}
