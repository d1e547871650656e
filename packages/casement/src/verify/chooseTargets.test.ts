import { expect, test } from 'vitest';
import { chooseTargets } from './chooseTargets.ts';

test('targets that cannot run are named, and refused when nothing else is wanted', () => {
  const bf16 = { dtype: 'bf16', settings: {} } as const;
  const { run, notRun } = chooseTargets(bf16, { golden: 'golden.safetensors' });
  expect([run, notRun.map(({ target }) => target)]).toEqual([['reference', 'webgpu'], ['onnx']]);
  expect(chooseTargets(bf16, { targets: ['webgpu'] })).toEqual({ run: ['webgpu'], notRun: [] });
  expect(chooseTargets({ ...bf16, dtype: 'f16' }, {})).toEqual({ run: ['onnx', 'webgpu'], notRun: [] });
  expect(() => chooseTargets(bf16, { targets: ['onnx'] })).toThrowErrorMatchingInlineSnapshot(
    `[UserError: onnx cannot be verified: ONNX Runtime computes in bf16 with CUDA only, and JavaScript gives it no bf16 tensors; verify f16 or f32, or add webgpu to --targets]`,
  );
});
