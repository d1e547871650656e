import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, openModel, verify } from 'casement';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { captionFrames, createScene, draw, type Frame } from './src/index.ts';
import { openCaptioner } from './src/openCaptioner.ts';

/** A held-out scene: what PyTorch drew of it, what is to be said, and what each captioner says in PyTorch. */
interface Clip {
  readonly seed: number;
  readonly sha256: string;
  readonly truth: readonly string[];
  readonly said: Readonly<Record<'casa' | 'ca' | 'insertion', readonly string[]>>;
}

const here = import.meta.dirname;
const folders = { casa: 'weights', ca: 'weights-ca', insertion: 'weights-insertion' } as const;
const variants = ['casa', 'ca', 'insertion'] as const;
const FRAMES = 6;

let clips: readonly Clip[];
let dir: string;

beforeAll(async () => {
  // Written by train/export.py, in this shape.
  clips = JSON.parse(await readFile(join(here, 'golden/clips.json'), 'utf8')) as Clip[];
  dir = await mkdtemp(join(tmpdir(), 'casement-captioner-'));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

function watch({ seed, truth }: Clip): { readonly captions: string[]; readonly frames: Frame[] } {
  const scene = createScene(seed);
  const [captions, frames]: [string[], Frame[]] = [[], []];
  for (const _ of truth) {
    captions.push(scene.next());
    frames.push(draw(scene.things));
  }
  return { captions, frames };
}

test('scenes and their frames are those of PyTorch, to the bit', () => {
  for (const clip of clips) {
    const { captions, frames } = watch(clip);
    const sha = createHash('sha256');
    for (const { data } of frames) sha.update(data);
    expect({ captions, sha256: sha.digest('hex') }).toEqual({ captions: clip.truth, sha256: clip.sha256 });
  }
});

test.each(variants)('%s has the logits of PyTorch on both targets', async (variant) => {
  const weights = join(here, folders[variant]);
  const report = await verify({
    ...(variant === 'casa' ? { model: join(here, 'model.ts'), checkpoint: weights } : { model: weights }),
    golden: join(here, `golden/${variant}.safetensors`),
    targets: ['onnx', 'webgpu'],
  });
  expect(report.targets.map(({ target, passed }) => ({ target, passed }))).toEqual([
    { target: 'onnx', passed: true },
    { target: 'webgpu', passed: true },
  ]);
});

/** Both targets of the CASA model; of the two that it is compared with, one is enough. */
test.each([
  ['casa', 'onnx'],
  ['casa', 'webgpu'],
  ['ca', 'onnx'],
  ['insertion', 'onnx'],
] as const)('%s captions a live scene on %s as PyTorch does, word for word', async (variant, target) => {
  const artifact = join(dir, variant);
  const [clip] = clips;
  if (clip === undefined) throw new Error('golden/clips.json is empty');
  await build({ model: join(here, folders[variant]), out: artifact, targets: [target] });
  const model = await openCaptioner(artifact, target);
  const said: string[] = [];
  try {
    const { frames } = watch(clip);
    for await (const { text } of captionFrames(model, frames.slice(0, FRAMES))) said.push(text);
  } finally {
    await model.dispose();
  }
  expect(said).toEqual(clip.said[variant].slice(0, FRAMES));
  if (variant === 'casa') expect(said).toEqual(clip.truth.slice(0, FRAMES));
});

test('casement caption says the same of PNG files', async () => {
  const artifact = join(dir, 'files');
  await build({ model: join(here, 'weights'), out: artifact, targets: ['onnx'] });
  const model = await openModel(artifact);
  const files = [1, 2, 3].map((frame) => join(here, `golden/frames/${frame}.png`));
  let said = '';
  try {
    for await (const { text, finish } of model.caption(files, { greedy: true })) said += finish ? `${text}\n` : text;
  } finally {
    await model.dispose();
  }
  const lines = said.trim().split('\n');
  expect(lines.map((line) => line.trim())).toEqual(clips[0]?.truth.slice(0, 3));
});
