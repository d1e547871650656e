import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../artifact/build.ts';
import { randomWeights } from '../randomWeights/randomWeights.ts';
import { run } from '../run.ts';
import type { AskOptions } from './chat.ts';
import type { ImageFile } from './imageReader.ts';
import { kvBytes } from './kvBytes.ts';
import { type OpenModel, openModel } from './openModel.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const example = join(root, 'examples/chat');
const picture = (name: string) => join(root, 'packages/session/golden/image', name);
const fixture = (name: string) => join(root, 'test/fixtures', name);

let dir: string;
const open: OpenModel[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'casement-open-'));
  await buildChat('insertion', {});
  await buildChat('casa', { model_type: 'casa_qwen2_5_vl', fusion: { attention: 'casa' } });
  await buildChat('ca', { model_type: 'casa_qwen2_5_vl', fusion: { attention: 'ca' } });
  for (const name of ['text-only', 'casa-qwen']) {
    await build({ model: fixture(name), out: join(dir, `${name}-ids`), targets: ['onnx'] });
  }
});

afterEach(async () => {
  for (const model of open.splice(0)) await model.dispose();
});

afterAll(() => rm(dir, { recursive: true, force: true }));

/** The example's model with another fusion. */
async function buildChat(name: string, fields: object): Promise<void> {
  const config: object = JSON.parse(await readFile(join(example, 'config.json'), 'utf8'));
  const checkpoint = join(dir, `${name}-checkpoint`);
  await randomWeights({ config: { ...config, ...fields }, out: checkpoint, dtype: 'f32', processorOf: example });
  await build({ model: checkpoint, out: join(dir, name), targets: ['onnx'] });
}

async function opened(name: string, options: Parameters<typeof openModel>[1] = {}): Promise<OpenModel> {
  const model = await openModel(join(dir, name), options);
  open.push(model);
  return model;
}

async function answer(model: OpenModel, text: string, images: readonly ImageFile[], options: AskOptions = {}) {
  const content = [...images.map((image) => ({ type: 'image', image }) as const), { type: 'text', text } as const];
  const tokens: number[] = [];
  const settings = { maxTokens: 6, ...options.settings };
  for await (const { token } of model.ask([{ role: 'user', content }], { ...options, settings })) tokens.push(token);
  return tokens;
}

function distance(a: Float32Array, b: Float32Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (b[i] ?? Number.NaN))), 0);
}

/** An error's text, without the temporary folder. */
async function problem(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: Error) => `${error.name}: ${error.message}`.replaceAll(dir, '<dir>').replaceAll(root, ''),
  );
}

function pngHeader(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(33);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

describe.each(['insertion', 'casa', 'ca'])('a conversation with %s', (name) => {
  test('sees its pictures, and goes on', async () => {
    const model = await opened(name);
    const first = await answer(model, 'What is this?', [picture('rgb.png')]);
    const sight = model.session.nextLogits();
    const second = await answer(model, 'And this?', [picture('baseline.jpg')]);
    await model.reset();
    await answer(model, 'What is this?', [picture('palette.png')]);
    expect(distance(model.session.nextLogits(), sight)).toBeGreaterThan(1e-2);
    await model.reset();
    expect(await answer(model, 'What is this?', [picture('rgb.png')])).toEqual(first);
    expect(await answer(model, 'And this?', [picture('baseline.jpg')])).toEqual(second);
  });

  test('stands after an abort where it stood before', async () => {
    const model = await opened(name);
    await answer(model, 'What is this?', [picture('rgb.png')]);
    const wanted = await answer(model, 'Why?', []);
    await model.reset();
    await answer(model, 'What is this?', [picture('rgb.png')]);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(answer(model, 'Never mind.', [picture('tiny.png')], { signal })).rejects.toThrow('enough');
    expect(await answer(model, 'Why?', [])).toEqual(wanted);
  });
});

test.each(['casa', 'ca'])('captioning with %s keeps the text of all frames and no image', async (name) => {
  const model = await opened(name);
  const frames = ['rgb.png', 'baseline.jpg', 'tiny.png', 'rgb.png'].map(picture);
  const kept: (number | undefined)[] = [];
  const texts: string[] = frames.map(() => '');
  const settings = { maxTokens: 4, seed: 3 };
  for await (const { frame, text, finish } of model.caption(frames, { prefix: 'In this video', settings })) {
    texts[frame] += text;
    const bytes = kvBytes(model.session.executor);
    if (finish === undefined) continue;
    expect(bytes.get('window')).toBe(0);
    kept.push(bytes.get('past'));
  }
  // Per frame: two delimiters, 4 tokens and the stop token; per token: keys and values of 3 layers of 2 heads of 16 f32.
  const growth = kept.slice(1).map((bytes, i) => (bytes ?? 0) - (kept[i] ?? 0));
  expect(growth).toEqual(frames.slice(1).map(() => 7 * 2 * 3 * 2 * 16 * 4));
  expect(texts.every((text) => text !== '')).toBe(true);
});

test('a model without images answers text', async () => {
  await buildChat('text', { model_type: 'llama', rope_scaling: null, vision_config: null });
  const model = await opened('text');
  expect(await answer(model, 'Hello?', [])).toHaveLength(6);
  expect(await problem(answer(model, 'What is this?', [picture('tiny.png')]))).toMatchInlineSnapshot(
    `"UserError: model llama takes no images: it has no image encoder (no vision_config in its config.json)"`,
  );
});

test('a model without a chat template goes on with a text', async () => {
  await cp(join(dir, 'casa'), join(dir, 'base'), { recursive: true });
  await writeFile(join(dir, 'base/tokenizer_config.json'), '{}');
  const model = await opened('base');
  expect(await answer(model, 'This is', [picture('tiny.png')])).toHaveLength(6);
  expect(model.session.position).toBe((model.tokenizer?.encode('This is').length ?? 0) + 2 + 6);
  expect(await problem(answer(model, 'And?', []))).toMatchInlineSnapshot(
    `"TextError: the model has no chat template, so it takes a single text, without system message or history; a template goes into the checkpoint folder as chat_template.jinja before it is built"`,
  );
});

test('an artifact without a tokenizer takes ids, with placeholders where images stand', async () => {
  const ids = async (artifact: string, input: string) => {
    const tokens: number[] = [];
    for await (const token of run({ artifact, input, target: 'onnx', maxTokens: 6 })) tokens.push(token);
    return tokens;
  };
  const model = fixture('qwen2_5-vl');
  await build({ model, out: join(dir, 'ids'), targets: ['onnx'] });
  expect(await ids(join(dir, 'ids'), join(model, 'golden.safetensors'))).toHaveLength(6);
  expect(await readdir(join(dir, 'ids'))).not.toContain('tokenizer.json');
});

describe('errors say what is wrong and what to do', () => {
  test('no tokenizer', async () => {
    const model = await opened('text-only-ids');
    expect(await problem(answer(model, 'Hi', []))).toMatchInlineSnapshot(
      `"TextError: <dir>/text-only-ids has no tokenizer, so it takes token ids only (casement run --input); put the model's tokenizer.json and tokenizer_config.json into the checkpoint folder and build it again"`,
    );
  });

  test('pictures for a model without an encoder', async () => {
    const model = await opened('text-only-ids');
    expect(await problem(model.readImage(picture('rgb.png')))).toMatchInlineSnapshot(
      `"UserError: model casa_llama takes no images: it has no image encoder (no vision_config in its config.json)"`,
    );
  });

  test('pictures that are none', async () => {
    const model = await opened('casa');
    const file = join(dir, 'fake.png');
    await writeFile(file, 'not a picture');
    expect(await problem(answer(model, 'Hi', [file]))).toMatchInlineSnapshot(
      `"ImageError: <dir>/fake.png: not a PNG, JPEG or WebP file (its first bytes are 6e 6f 74 20 61 20 70 69): convert it to one of these"`,
    );
    await writeFile(file, (await readFile(picture('rgb.png'))).subarray(0, 2000));
    const damaged = await problem(answer(model, 'Hi', [file]));
    expect(damaged.replace(/: vips.*/, '…')).toMatchInlineSnapshot(
      `"ImageError: <dir>/fake.png: the PNG file of 131×97 pixels cannot be decoded, it is damaged…"`,
    );
    await writeFile(file, pngHeader(2_000_000_000, 2_000_000_000));
    expect(await problem(answer(model, 'Hi', [file]))).toMatchInlineSnapshot(
      `"ImageError: <dir>/fake.png: the image file says 2000000000×2000000000 pixels, above the limit of 178956970 in all: give a smaller image, or set pixelLimit if this one is meant"`,
    );
    await writeFile(file, pngHeader(3, 3000));
    expect(await problem(answer(model, 'Hi', [file]))).toMatchInlineSnapshot(
      `"ImageError: <dir>/fake.png: an image of 3×3000 pixels has an aspect ratio of 1000, the model takes at most 200: crop it or cut it in parts"`,
    );
    expect(await problem(answer(model, 'Hi', [join(dir, 'nowhere.png')]))).toMatchInlineSnapshot(
      `"UserError: cannot read the image <dir>/nowhere.png: ENOENT: no such file or directory, open '<dir>/nowhere.png'"`,
    );
  });

  test('a picture larger than the capacity', async () => {
    const model = await opened('casa', { maxPixels: 10_000_000 });
    const file = join(dir, 'large.png');
    await writeFile(file, pngHeader(2000, 1000));
    expect(await problem(answer(model, 'Hi', [file]))).toMatchInlineSnapshot(
      `"ImageError: <dir>/large.png: an image of 2000×1000 pixels becomes 72×142 patches, 2556 image tokens; the model was built for at most 1024: set max_pixels to 802816 or less, give a smaller image, or build with a larger capacity"`,
    );
  });

  test('a prompt longer than the cache', async () => {
    const model = await opened('casa');
    const long = 'What is in this picture? '.repeat(800);
    expect(await problem(answer(model, long, [picture('tiny.png')]))).toMatchInlineSnapshot(
      `"InputError: the prompt is too long: it has 4848 tokens of text and 6 of images, and the caches counted by "past" hold 4096 positions; shorten it, give smaller or fewer images, or build with a larger capacity"`,
    );
    expect(model.session.position).toBe(0);
  });

  test('settings that make no sense', async () => {
    const model = await opened('casa');
    expect(await problem(answer(model, 'Hi', [], { settings: { temperature: -1 } }))).toMatchInlineSnapshot(
      `"SettingsError: temperature must be 0 or more, got -1"`,
    );
    expect(await problem(answer(model, 'Hi', [], { settings: { maxTokens: 0.5 } }))).toMatchInlineSnapshot(
      `"SettingsError: maxTokens must be a whole number above 0, got 0.5"`,
    );
  });

  test('captioning where every frame would grow the text', async () => {
    const model = await opened('insertion');
    expect(await problem(model.caption([]).next())).toMatchInlineSnapshot(
      `"UserError: model qwen2_5_vl puts images into its text, which would grow with every frame; captioning needs a model with fusion layers (CASA or CA)"`,
    );
  });

  test('folders that cannot be opened', async () => {
    expect(await problem(openModel(join(dir, 'nowhere')))).toMatchInlineSnapshot(
      `"UserError: <dir>/nowhere is no artifact folder: cannot read <dir>/nowhere/casement.json (ENOENT: no such file or directory, open '<dir>/nowhere/casement.json'); make one with casement build"`,
    );
    expect(await problem(openModel(join(dir, 'casa-checkpoint')))).toMatchInlineSnapshot(
      `"UserError: <dir>/casa-checkpoint is a checkpoint folder, no artifact; build it first: casement build <dir>/casa-checkpoint --out <dir>"`,
    );
    expect(await problem(openModel(join(dir, 'casa'), { maxPixels: -1 }))).toMatchInlineSnapshot(
      `"UserError: maxPixels must be above 0, got -1"`,
    );
    expect(await problem(openModel(join(dir, 'casa'), { target: 'webgpu' }))).toMatchInlineSnapshot(
      `"UserError: <dir>/casa was built for onnx, not for webgpu; build it with --target webgpu or all"`,
    );
  });

  test('files beside the model that do not fit it', async () => {
    const damaged = join(dir, 'damaged');
    const breakFile = async (name: string, text: string) => {
      await mkdir(damaged, { recursive: true });
      for (const file of await readdir(join(dir, 'casa'))) await copyFile(join(dir, 'casa', file), join(damaged, file));
      await writeFile(join(damaged, name), text);
      return problem(openModel(damaged));
    };
    expect(await breakFile('preprocessor_config.json', '{"patch_size": 16}')).toMatchInlineSnapshot(
      `"UserError: <dir>/damaged/preprocessor_config.json: patch_size is 16, but the model's image encoder was made for 14"`,
    );
    expect(await breakFile('preprocessor_config.json', '[]')).toMatchInlineSnapshot(
      `"UserError: <dir>/damaged/preprocessor_config.json must hold a JSON object"`,
    );
    expect(await breakFile('tokenizer.json', '[]')).toMatchInlineSnapshot(
      `"TextError: tokenizer.json must hold a JSON object"`,
    );
    expect(await breakFile('tokenizer_config.json', '{"chat_template": "{% for %}"}')).toMatchInlineSnapshot(
      `"TextError: the chat template is not valid: Unexpected token: CloseStatement"`,
    );
    expect(await breakFile('generation_config.json', '{"repetition_penalty": 0}')).toMatchInlineSnapshot(
      `"SettingsError: generation_config.json: repetitionPenalty must be above 0, got 0"`,
    );
  });

  test('a config.json whose prompts make no sense; no artifact appears', async () => {
    const config: object = JSON.parse(await readFile(join(fixture('text-only'), 'config.json'), 'utf8'));
    const checkpoint = join(dir, 'odd');
    await mkdir(checkpoint);
    await copyFile(join(fixture('text-only'), 'model.safetensors'), join(checkpoint, 'model.safetensors'));
    await writeFile(join(checkpoint, 'config.json'), JSON.stringify({ ...config, pre_image_tokens: '<image>' }));
    const building = build({ model: checkpoint, out: join(dir, 'odd-artifact'), targets: ['onnx'] });
    expect(await problem(building)).toMatchInlineSnapshot(
      `"UserError: <dir>/odd/config.json cannot be used: pre_image_tokens: must be a token id or a list of them"`,
    );
    expect((await readdir(dir)).filter((name) => name.includes('odd'))).toEqual(['odd']);
  });
});
