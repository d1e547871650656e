import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatVerification, verify } from '../../../packages/casement/src/index.ts';

it('shows the hidden states and the attention map that PyTorch has', async () => {
  const checkpoint = join(import.meta.dirname, 'checkpoint');
  const report = await verify({
    model: join(import.meta.dirname, 'tapped.ts'),
    checkpoint,
    golden: join(checkpoint, 'golden.safetensors'),
  });
  expect(report.passed, formatVerification(report)).toBe(true);
  if (report.kind !== 'tensors') throw new Error('the Q-Former is no conversation');
  const names = report.targets.map(({ outputs }) => outputs.map(({ output }) => output));
  expect(names).toEqual(report.targets.map(() => ['language_model_inputs', 'hidden_states', 'cross_attention_probs']));
  expect(report.targets[0]?.unused).toEqual([]);
});
