import { join } from 'node:path';
import { expect, it } from 'vitest';
import { smallDecoder } from '../../../test/support/smallDecoder.ts';
import { packWeights } from '../test/weights.ts';
import { lowerToWebGpu } from './index.ts';

// `npx vitest run packages/webgpu/src/golden.test.ts -u` writes them anew.
it.each(['f32', 'f16'] as const)(
  'a decoder layer in %s is lowered to the plan and the kernels in golden/',
  async (dtype) => {
    const { program, params } = smallDecoder({ layers: 1, dtype });
    const { locations } = packWeights('model.safetensors', params);
    const { files, report } = lowerToWebGpu(program, { weights: locations });
    const golden = (name: string) => join(import.meta.dirname, '..', 'golden', dtype, name);
    for (const [name, content] of files) {
      if (typeof content === 'string') await expect(content).toMatchFileSnapshot(golden(name));
    }
    await expect(`${JSON.stringify(report, null, 2)}\n`).toMatchFileSnapshot(golden('report.json'));
  },
);
