import { existsSync } from 'node:fs';
import { copyFile, cp, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { randomWeights } from '../randomWeights/randomWeights.ts';
import { type BuildOptions, build } from './build.ts';
import { readManifest } from './manifest.ts';

const config = {
  model_type: 'casa_llama',
  vocab_size: 40,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  fusion: { attention: 'casa' },
};

let dir: string;
let checkpoint: string;
let out: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'casement-build-'));
  [checkpoint, out] = [join(dir, 'checkpoint'), join(dir, 'made/by/build')];
  await randomWeights({ config, out: checkpoint });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const weightsOf = (folder: string) => join(folder, 'model.safetensors');

function make(options: Partial<BuildOptions> = {}) {
  return build({ model: checkpoint, out, targets: ['onnx'], dtype: 'f16', ...options });
}

/** Every file of the artifact, by name. */
async function contents(): Promise<Record<string, string>> {
  const files = await readdir(out);
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, (await readFile(join(out, file))).toString('latin1')])),
  );
}

/** Changes a bf16 element of the first tensor. */
async function patchWeight(bits: number): Promise<void> {
  const bytes = await readFile(weightsOf(checkpoint));
  bytes.writeUInt16LE(bits, 8 + Number(bytes.readBigUInt64LE(0)));
  await writeFile(weightsOf(checkpoint), bytes);
}

describe('a build into the folder of another', () => {
  test('keeps the weights that are there, and the target that was built from them', async () => {
    const first = await make();
    const before = await stat(weightsOf(out));
    const second = await make({ targets: ['webgpu'] });
    const after = await stat(weightsOf(out));
    expect([first.keptWeights, second.keptWeights]).toEqual([false, true]);
    expect({ ino: after.ino, written: after.mtimeMs, names: after.nlink }).toEqual({
      ino: before.ino,
      written: before.mtimeMs,
      names: 1,
    });
    expect(Object.keys(second.manifest.targets)).toEqual(['onnx', 'webgpu']);
    const inSteps = await contents();
    await rm(out, { recursive: true });
    await make({ targets: ['onnx', 'webgpu'] });
    expect(inSteps).toEqual(await contents());
  });

  test('keeps the profile of the ONNX target unless it is asked for', async () => {
    await make({ profile: 'onnx' });
    const { manifest } = await make({ targets: ['webgpu'] });
    expect(manifest.targets.onnx?.profile).toBe('onnx');
    expect((await make({ profile: 'ort' })).manifest.targets.onnx?.profile).toBe('ort');
  });

  test('warns of kept weights as of written ones', async () => {
    await patchWeight(0x7fc0);
    const { unusual } = await make();
    expect(unusual).toEqual([{ tensor: 'model.embed_tokens.weight', nan: 1, infinite: 0, overflowed: 0 }]);
    expect(await make()).toMatchObject({ keptWeights: true, unusual });
  });

  test.each([
    ['another dtype', () => make({ dtype: 'f32' })],
    [
      'a weight that changed, in a file of the same size and time',
      async () => {
        const { atime, mtime } = await stat(weightsOf(checkpoint));
        await patchWeight(0x3f80);
        await utimes(weightsOf(checkpoint), atime, mtime);
        return make();
      },
    ],
    [
      'a copy of the checkpoint, which might be another',
      async () => {
        await cp(checkpoint, join(dir, 'copy'), { recursive: true });
        return make({ model: join(dir, 'copy') });
      },
    ],
    [
      'weights in the artifact that somebody touched',
      async () => {
        const [bytes, { size }] = [await readFile(weightsOf(out)), await stat(weightsOf(out))];
        bytes.writeUInt8(1, size - 1);
        await new Promise((resolve) => setTimeout(resolve, 20)); // later than the build, by any clock's steps
        await writeFile(weightsOf(out), bytes);
        return make();
      },
    ],
    [
      'weights in the artifact that are cut off',
      async () => {
        await truncate(weightsOf(out), 100);
        return make();
      },
    ],
    [
      'a manifest that is damaged',
      async () => {
        await writeFile(join(out, 'casement.json'), '{');
        return make();
      },
    ],
    [
      'weights in the artifact with a damaged header',
      async () => {
        const [bytes, { atime, mtime }] = [await readFile(weightsOf(out)), await stat(weightsOf(out))];
        await writeFile(weightsOf(out), bytes.fill('x', 8, 20));
        await utimes(weightsOf(out), atime, mtime);
        return make();
      },
    ],
    [
      'no note of where the weights are from',
      async () => {
        await rm(join(out, 'weights-origin.json'));
        return make();
      },
    ],
  ])('writes them anew: %s', async (_, change) => {
    await make({ targets: ['webgpu'] });
    const { keptWeights, manifest } = await change();
    expect(keptWeights).toBe(false);
    expect(Object.keys(manifest.targets)).toEqual(['onnx']);
    const again = await make({ dtype: manifest.dtype === 'f32' ? 'f32' : 'f16', out: join(dir, 'again') });
    expect(manifest.weights).toEqual(again.manifest.weights);
  });
});

describe('a build that fails leaves what was there', () => {
  const failures: [string, () => Promise<unknown>, RegExp][] = [
    [
      'a truncated shard',
      async () => {
        await truncate(weightsOf(checkpoint), (await stat(weightsOf(checkpoint))).size - 7);
        return make();
      },
      /model\.safetensors is truncated: tensor ".*" ends at byte \d+, but the file has \d+ of the \d+ bytes .* Download/,
    ],
    [
      "a shape that is not the model's",
      async () => {
        await writeFile(join(checkpoint, 'config.json'), JSON.stringify({ ...config, intermediate_size: 32 }));
        return make();
      },
      /does not fit the model[\s\S]*Wrong shape[\s\S]*gate_proj\.weight[\s\S]*\[24, 16\]/,
    ],
    [
      'a missing tensor',
      async () => {
        await writeFile(join(checkpoint, 'config.json'), JSON.stringify({ ...config, num_hidden_layers: 3 }));
        return make();
      },
      /Missing[\s\S]*model\.layers\.2\./,
    ],
    [
      'an interruption',
      () => {
        const controller = new AbortController();
        return make({ onProgress: () => controller.abort(new Error('enough')), signal: controller.signal });
      },
      /^enough$/,
    ],
    [
      'an interruption once the weights are written',
      async () => {
        const controller = new AbortController();
        return make({
          onProgress: ({ bytesDone, bytesTotal }) => {
            if (bytesDone === bytesTotal) controller.abort(new Error('enough'));
          },
          signal: controller.signal,
        });
      },
      /^enough$/,
    ],
    [
      'a place that is no folder',
      async () => {
        await copyFile(join(checkpoint, 'config.json'), join(dir, 'file'));
        return make({ out: join(dir, 'file/model') });
      },
      /^cannot make .*file\/model: (EEXIST|ENOTDIR)/,
    ],
    ['a folder with something else in it', () => make({ out: checkpoint }), /holds no casement\.json; choose another/],
  ];

  test.each(failures)('%s: nothing', async (_, fail, message) => {
    await expect(fail()).rejects.toThrow(message);
    expect((await readdir(dir)).filter((name) => name !== 'checkpoint' && name !== 'file')).toEqual([]);
    expect((await readdir(checkpoint)).sort()).toEqual(['config.json', 'model.safetensors']);
  });

  test.each(failures)('%s: the artifact before', async (_, fail, message) => {
    await make({ targets: ['webgpu'], dtype: 'f32' });
    const before = await contents();
    await expect(fail()).rejects.toThrow(message);
    expect(await contents()).toEqual(before);
    expect(await readdir(join(dir, 'made/by'))).toEqual(['build']);
    expect((await readManifest(out)).dtype).toBe('f32');
  });
});

test('a checkpoint in a file of its own makes the same weights', async () => {
  await make();
  const { weights } = await readManifest(out);
  await writeFile(join(dir, 'model.ts'), modelFile);
  const { manifest } = await make({ model: join(dir, 'model.ts'), checkpoint, out: join(dir, 'from-file') });
  expect(manifest.weights).toEqual(weights);
  expect(existsSync(join(dir, 'from-file', 'weights-origin.json'))).toBe(true);
});

const modelFile = `import { modelFromConfig } from 'casement';
export default (config: unknown) => modelFromConfig(config);
`;
