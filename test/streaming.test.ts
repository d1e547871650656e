import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captionStream, type Executor, type HostTensor, type ImageTokens, Session } from '@casement/session';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, openExecutor } from '../packages/casement/src/index.ts';

const FRAMES = 512;
const IMAGE = 6;
const HIDDEN = 64;
const prompt = { before: [7, 8, 9], after: [1, 2, 3], delimiters: [1, 2] };
const settings = {
  stopTokens: [0, 5],
  maxTokens: 3,
  temperature: 1.5,
  emaPenalty: { penalty: 1.15, decay: 0.99, maxCount: 5 },
};

let folder: string;
let executor: Executor;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'streaming-'));
  const model = join(import.meta.dirname, 'fixtures', 'casa');
  await build({ model, out: join(folder, 'casa'), targets: ['onnx'] });
  executor = await openExecutor(join(folder, 'casa'), 'onnx');
});

afterAll(async () => {
  await executor?.dispose();
  await rm(folder, { recursive: true });
});

/** A picture that no other frame shows. */
function frame(index: number): ImageTokens {
  const data = Float32Array.from({ length: IMAGE * HIDDEN }, (_, i) => Math.sin(i * 1.7 + index * 0.37));
  return { embeds: { dtype: 'f32', shape: [IMAGE, HIDDEN], data } };
}

/** What a session reads: texts between images, and the logits after each. */
interface Reading {
  readonly frame: number;
  readonly ids: readonly number[];
  readonly logits: HostTensor;
}

function readings(inner: Executor): {
  readonly executor: Executor;
  readonly read: Reading[];
  readonly most: Map<string, number>;
} {
  const read: Reading[] = [];
  const most = new Map<string, number>();
  let shown = -1;
  const outer: Executor = {
    target: inner.target,
    signature: inner.signature,
    get lengths() {
      return inner.lengths;
    },
    async run(entry, inputs, options) {
      const outputs = await inner.run(entry, inputs, options);
      if (entry === 'openWindow') shown++;
      for (const [dim, length] of inner.lengths) most.set(dim, Math.max(most.get(dim) ?? 0, length));
      if (outputs.logits) read.push({ frame: shown, ids: [...(inputs.input_ids?.data ?? [])], logits: outputs.logits });
      return outputs;
    },
    reset: (dim) => inner.reset(dim),
    dispose: () => inner.dispose(),
  };
  return { executor: outer, read, most };
}

const lastRow = ({ data, shape }: HostTensor) => Array.from(data).slice(-(shape.at(-1) ?? 0));

function distance(a: HostTensor, b: HostTensor): number {
  const [left, right] = [lastRow(a), lastRow(b)];
  return left.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (right[i] ?? Number.NaN))), 0);
}

test('512 frames: only the text grows, and nothing of an old frame is left', { timeout: 300_000 }, async () => {
  const { executor: logged, read, most } = readings(executor);
  const session = new Session(logged);
  const images = Array.from({ length: FRAMES }, (_, i) => frame(i));
  let frames = 0;
  for await (const { finish } of captionStream(session, images, { prompt, settings })) {
    if (!finish) continue;
    frames++;
    const { window, ...rest } = Object.fromEntries(executor.lengths);
    expect(window).toBe(0);
    expect(Object.values(rest)).toEqual([session.position]);
  }
  expect(frames).toBe(FRAMES);
  const text = read.flatMap(({ ids }) => ids);
  expect(session.position).toBe(text.length);
  expect(most.get('window')).toBeLessThanOrEqual(IMAGE + prompt.after.length + settings.maxTokens + 1);

  // The same text, each frame's read in one piece, must give the logits that the stream saw.
  await executor.reset();
  const again = new Session(executor);
  await again.prefill(prompt.before);
  for (let index = 0; index < FRAMES; index++) {
    await again.showImage(frame(index));
    const parts = read.filter((reading) => reading.frame === index);
    const whole = await again.prefill(parts.flatMap(({ ids }) => ids));
    const last = parts.at(-1);
    expect(last).toBeDefined();
    if (last && [0, 1, 17, 255, 511].includes(index)) expect(distance(whole, last.logits)).toBeLessThan(1e-4);
    await again.dropWindow();
  }
});
