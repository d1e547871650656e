import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatVerification, verify } from '../../packages/casement/src/index.ts';

/** Every model of the zoo, with every checkpoint in its folder, against every golden of that, on every target. */
const zoo = import.meta.dirname;
const models = readdirSync(zoo).filter((name) => existsSync(join(zoo, name, 'model.ts')));

describe.each(models)('%s', (name) => {
  const folder = join(zoo, name);
  const checkpoints = readdirSync(folder).filter((one) => existsSync(join(folder, one, 'config.json')));
  const goldens = checkpoints.flatMap((one) =>
    readdirSync(join(folder, one))
      .filter((file) => /^golden.*\.safetensors$/.test(file))
      .map((file) => [one, file] as const),
  );

  it.each(goldens)('agrees with PyTorch: %s/%s', async (checkpoint, golden) => {
    const report = await verify({
      model: join(folder, 'model.ts'),
      checkpoint: join(folder, checkpoint),
      golden: join(folder, checkpoint, golden),
    });
    expect(report.passed, formatVerification(report)).toBe(true);
    expect(report.targets.map(({ target }) => target)).toEqual(['reference', 'onnx', 'webgpu']);
  });
});
