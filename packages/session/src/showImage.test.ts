import { join } from 'node:path';
import type { EntrySpec, TensorSpec } from '@casement/runtime';
import { openSafetensors } from '@casement/weights';
import { describe, expect, it } from 'vitest';
import type { Decoding, Executor, HostTensor, HostTensors } from './executor.ts';
import { Session } from './session.ts';

const HIDDEN = 4;
const fixture = join(import.meta.dirname, '../../../test/fixtures/qwen2_5-vl/golden.safetensors');

interface Run {
  readonly entry: string;
  readonly inputs: HostTensors;
}

function spec(
  inputs: Readonly<Record<string, readonly (number | string)[]>>,
  lengths: EntrySpec['lengths'],
): EntrySpec {
  const tensors = Object.entries(inputs).map(([name, shape]): TensorSpec => ({ name, dtype: 'i32', shape }));
  return { inputs: tensors, outputs: [], lengths };
}

const step = (axes: readonly number[]) => spec({ input_ids: [1, 'seq'], position_ids: [...axes, 1, 'seq'] }, GROWS);
const GROWS = { past: 'past + seq' };

/** An executor that computes nothing and remembers what it was given. */
function recorder(entries: Readonly<Record<string, EntrySpec>>): Executor & { readonly runs: Run[] } {
  const runs: Run[] = [];
  const lengths = new Map([['past', 0]]);
  const bounds = (max: number, multipleOf = 1) => ({ min: 0, max, multipleOf });
  return {
    runs,
    target: 'reference',
    signature: {
      name: 'recorder',
      dtype: 'f32',
      dims: { seq: bounds(5), past: bounds(80), patches: bounds(400, 4) },
      entries,
      states: [],
    },
    lengths,
    async run(entry, inputs) {
      runs.push({ entry, inputs });
      const tokens = inputs.position_ids?.shape.at(-1) ?? 0;
      if (entries[entry]?.lengths.past) lengths.set('past', (lengths.get('past') ?? 0) + tokens);
      const patches = inputs.pixel_values?.shape[0] ?? 0;
      const logits: HostTensor = { dtype: 'f32', shape: [1, tokens, 2], data: new Float32Array(2 * tokens) };
      return { logits, image_embeds: image(patches / 4).embeds };
    },
    async reset() {},
    async dispose() {},
  };
}

function image(tokens: number): { readonly embeds: HostTensor } {
  const data = Float32Array.from({ length: tokens * HIDDEN }, (_, i) => i);
  return { embeds: { dtype: 'f32', shape: [tokens, HIDDEN], data } };
}

function positionsOf(runs: readonly Run[], axis: number): number[] {
  return runs.flatMap(({ inputs }) => {
    const { data = [], shape = [] } = inputs.position_ids ?? {};
    const tokens = shape.at(-1) ?? 0;
    return Array.from(data).slice(axis * tokens, (axis + 1) * tokens);
  });
}

const insertion = {
  step: step([3]),
  insertImage: spec({ image_embeds: [1, 'seq', HIDDEN], position_ids: [3, 1, 'seq'] }, GROWS),
};

describe('a model with token insertion', () => {
  it('gets the positions of transformers, image tokens in chunks', async () => {
    const golden = await openSafetensors(fixture);
    const wanted = new Int32Array((await golden.read('position_ids')).buffer);
    const ids = Array.from(new Int32Array((await golden.read('input_ids')).buffer));
    await golden.close();
    const executor = recorder(insertion);
    const session = new Session(executor);
    await session.prefill(ids.slice(0, 4));
    await session.showImage({ ...image(24), grid: { rows: 4, columns: 6 } });
    await session.prefill(ids.slice(28, 33));
    await session.showImage({ ...image(9), grid: { rows: 3, columns: 3 } });
    await session.prefill(ids.slice(42));
    const fed = [0, 1, 2].flatMap((axis) => positionsOf(executor.runs, axis));
    expect(fed).toEqual([...wanted]);
    const inserted = executor.runs.filter(({ entry }) => entry === 'insertImage').slice(0, 5);
    expect(inserted.map(({ inputs }) => inputs.image_embeds?.shape)).toEqual([
      [1, 5, HIDDEN],
      [1, 5, HIDDEN],
      [1, 5, HIDDEN],
      [1, 5, HIDDEN],
      [1, 4, HIDDEN],
    ]);
    const embeds = inserted.flatMap(({ inputs }) => Array.from(inputs.image_embeds?.data ?? []));
    expect(embeds).toEqual(Array.from(image(24).embeds.data));
  });

  it('knows no next token until text follows the image', async () => {
    const session = new Session(recorder(insertion));
    await session.prefill([1]);
    expect(session.nextLogits()).toHaveLength(2);
    await session.showImage({ ...image(4), grid: { rows: 2, columns: 2 } });
    expect(() => session.nextLogits()).toThrow('feed text');
  });

  it('is fed nothing when the caches cannot take all of it', async () => {
    const executor = recorder(insertion);
    const session = new Session(executor);
    await session.prefill(Array.from({ length: 60 }, () => 1));
    const before = executor.runs.length;
    await expect(
      session.showImage({ ...image(24), grid: { rows: 4, columns: 6 } }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: 24 tokens do not fit: the states counted by "past" hold 60 positions of 80; build with a larger capacity or reset them]`,
    );
    await expect(session.prefill(Array.from({ length: 21 }, () => 1))).rejects.toThrow('21 tokens do not fit');
    expect(executor.runs.length).toBe(before);
    expect(session.position).toBe(60);
  });

  it('counts image tokens like text where positions are numbers', async () => {
    const executor = recorder({
      step: step([]),
      insertImage: spec({ image_embeds: [1, 'seq', HIDDEN], position_ids: [1, 'seq'] }, GROWS),
    });
    const session = new Session(executor);
    await session.prefill([1, 1]);
    await session.showImage(image(7));
    await session.prefill([1]);
    expect(positionsOf(executor.runs, 0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe('a model with windows', () => {
  it('has images stand still, in one run', async () => {
    const executor = recorder({
      step: step([3]),
      openWindow: spec(
        { image_embeds: [1, 'image', HIDDEN], image_position_ids: [3, 1, 'image'] },
        { window: 'image' },
      ),
    });
    const session = new Session(executor);
    await session.prefill([1, 1]);
    await session.showImage({ ...image(6), grid: { rows: 2, columns: 3 } });
    expect(session.position).toBe(2);
    const inputs = executor.runs.at(-1)?.inputs;
    expect(inputs?.image_embeds?.shape).toEqual([1, 6, HIDDEN]);
    expect([...(inputs?.image_position_ids?.data ?? [])]).toEqual([
      2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 2, 3, 4, 2, 3, 4,
    ]);
  });
});

describe('an image of pixels', () => {
  const encoder = spec({ pixel_values: ['patches', 3], patch_position_ids: [2, 1, 'patches'] }, {});
  const patches = { pixelValues: new Float32Array(24 * 3), grid: { rows: 4, columns: 6 } };

  it('is encoded, and shown with the grid of its tokens', async () => {
    const executor = recorder({ ...insertion, encodeImage: encoder });
    const session = new Session(executor);
    await session.showImage(patches);
    expect(executor.runs.map(({ entry }) => entry)).toEqual(['encodeImage', 'insertImage', 'insertImage']);
    expect(executor.runs[0]?.inputs.pixel_values?.shape).toEqual([24, 3]);
    expect(executor.runs[0]?.inputs.patch_position_ids?.shape).toEqual([2, 1, 24]);
    expect(session.position).toBe(3);
    expect((await session.encodeImage(patches)).grid).toEqual({ rows: 2, columns: 3 });
  });

  it('is refused where it cannot be used', async () => {
    const blind = new Session(recorder({ step: step([]) }));
    await expect(blind.showImage(patches)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: model recorder takes no images: it has no entry openWindow or insertImage]`,
    );
    await expect(new Session(recorder(insertion)).showImage(patches)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: model recorder has no entry encodeImage; give it image tokens]`,
    );
    const session = new Session(recorder(insertion));
    const flat: HostTensor = { dtype: 'f32', shape: [HIDDEN], data: new Float32Array(HIDDEN) };
    await expect(session.showImage({ embeds: flat })).rejects.toThrow('an image is [tokens, hidden], got [4]');
    await expect(session.showImage(image(6))).rejects.toThrow('needs its grid of rows × columns, got no grid');
  });
});

describe('the logits that are computed', () => {
  const entries = { step: spec({ input_ids: [1, 'seq'], position_ids: [1, 'seq'], logits_to_keep: ['kept'] }, GROWS) };
  const kept = ({ runs }: { readonly runs: readonly Run[] }) =>
    runs.map(({ inputs }) => Array.from(inputs.logits_to_keep?.data ?? []));

  it('are those of the last token for text that is read', async () => {
    const executor = recorder(entries);
    await new Session(executor).read([1, 2, 3, 4, 5, 6, 7]);
    expect(kept(executor)).toEqual([[], [1]]);
  });

  it('are all of them for text whose logits are asked for', async () => {
    const executor = recorder(entries);
    await new Session(executor).prefill([1, 2, 3, 4, 5, 6, 7]);
    expect(kept(executor)).toEqual([
      [0, 1, 2, 3, 4],
      [0, 1],
    ]);
  });
});

describe('calls that come while another is under way', () => {
  it('wait for it: each finds what a whole call has left', async () => {
    const executor = recorder(insertion);
    const { run, reset } = executor;
    const slow: Executor = {
      ...executor,
      run: async (...args) => {
        await new Promise((resolve) => setTimeout(resolve));
        return run(...args);
      },
      reset: async () => {
        executor.runs.push({ entry: 'reset', inputs: {} });
        return reset();
      },
    };
    const session = new Session(slow);
    const reading = session.read([1, 2, 3, 4, 5, 6]);
    const refused = session.showImage({ embeds: { dtype: 'f32', shape: [HIDDEN], data: new Float32Array(HIDDEN) } });
    const calls = [reading, session.reset(), session.showImage({ ...image(4), grid: { rows: 2, columns: 2 } })];
    const failing = expect(refused).rejects.toThrow('an image is');
    await Promise.all([...calls, session.read([7]), failing]);
    expect(executor.runs.map(({ entry }) => entry)).toEqual(['step', 'step', 'reset', 'insertImage', 'step']);
    expect(positionsOf(executor.runs.slice(3), 0)).toEqual([0, 0, 0, 0, 2]);
    expect(session.position).toBe(3);
  });
});

describe('decoding where the model runs', () => {
  const fake = (calls: string[]): Decoding => ({
    next: async () => 7,
    hold: async () => {
      calls.push('hold');
    },
    logits: async () => {
      calls.push('logits');
      return { dtype: 'f32', shape: [1, 1, 2], data: new Float32Array(2) };
    },
  });
  const choice = { temperature: 0, topK: 0, seed: 0, repetitionPenalty: 1, history: [], drawn: 0 };

  it.each([
    ['opened a window', { step: step([]), openWindow: spec({ image_embeds: [1, 'image', HIDDEN] }, {}) }, ['hold']],
    ['was inserted', { ...insertion, step: step([]) }, []],
  ])('leaves logits on the device when an image %s', async (_, entries, wanted) => {
    const calls: string[] = [];
    const executor: Executor = { ...recorder(entries), decode: async () => fake(calls) };
    const session = new Session(executor);
    await session.read([1]);
    await (await session.decode(choice))?.next();
    await session.showImage({ ...image(4), grid: { rows: 2, columns: 2 } });
    expect(calls).toEqual(wanted);
  });

  it('ends when somebody else decodes', async () => {
    const executor: Executor = { ...recorder({ step: step([]) }), decode: async () => fake([]) };
    const session = new Session(executor);
    await session.read([1]);
    const first = await session.decode(choice);
    expect(await first?.next()).toBe(7);
    const second = await session.decode(choice);
    expect(await first?.next()).toBeUndefined();
    expect(await second?.next()).toBe(7);
    expect(session.position).toBe(3);
  });
});
