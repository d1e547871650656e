import { describe, expect, it } from 'vitest';
import { goldens, openSmallTokenizer } from '../../golden/text/read.ts';
import type { Executor } from '../executor.ts';
import { Session } from '../session.ts';
import { captionStream } from './captionStream.ts';
import { type Generated, generate } from './generate.ts';

const VOCAB = 1000;

/** A model that wants to say `script`, token by token, whatever it has read; it logs what happens to it. */
function scripted(script: readonly number[]): { session: Session; log: string[] } {
  const log: string[] = [];
  let said = 0;
  const executor: Executor = {
    target: 'reference',
    signature: {
      name: 'scripted',
      dtype: 'f32',
      dims: {},
      states: [],
      entries: {
        step: {
          inputs: [
            { name: 'input_ids', dtype: 'i32', shape: [1, 'seq'] },
            { name: 'position_ids', dtype: 'i32', shape: [1, 'seq'] },
          ],
          outputs: [{ name: 'logits', dtype: 'f32', shape: [1, 'seq', VOCAB] }],
          lengths: {},
        },
        openWindow: {
          inputs: [{ name: 'image_embeds', dtype: 'f32', shape: [1, 'image', 2] }],
          outputs: [],
          lengths: { window: 'image' },
        },
      },
    },
    lengths: new Map(),
    async run(entry, inputs) {
      if (entry === 'openWindow') {
        log.push(`image ${inputs.image_embeds?.data[0]}`);
        return {};
      }
      const ids = [...(inputs.input_ids?.data ?? [])];
      log.push(ids.join(' '));
      said += ids.length === 1 && ids[0] === script[said] ? 1 : 0;
      const data = new Float32Array(ids.length * VOCAB);
      data[(ids.length - 1) * VOCAB + (script[said] ?? 0)] = 9;
      return { logits: { dtype: 'f32', shape: [1, ids.length, VOCAB], data } };
    },
    async reset(dim) {
      log.push(`reset ${dim}`);
    },
    async dispose() {},
  };
  return { session: new Session(executor), log };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const textOf = (generated: readonly Generated[]) => generated.map(({ text }) => text).join('');
const tokenizer = await openSmallTokenizer();
const END = tokenizer.idOf('<|im_end|>') ?? Number.NaN;

describe('generate', () => {
  it('forwards every token, the stop token too, before it yields it', async () => {
    const { session, log } = scripted([11, 12, 13]);
    await session.prefill([1, 2]);
    const seen: string[] = [];
    for await (const { token, finish } of generate(session, { stopTokens: [13] })) {
      seen.push(`${token} ${log.at(-1)} ${finish}`);
    }
    expect(seen).toEqual(['11 11 undefined', '12 12 undefined', '13 13 stopToken']);
    expect(session.position).toBe(5);
  });

  it('gives text as it becomes certain, and none for stop tokens', async () => {
    const answer = [...tokenizer.encode('A 🙂, <|im_start|>yes'), END];
    const { session } = scripted(answer);
    await session.prefill([1]);
    const generated = await collect(generate(session, { stopTokens: [END] }, { tokenizer }));
    expect(generated.map(({ token }) => token)).toEqual(answer);
    expect(textOf(generated)).toBe('A 🙂, yes');
    expect(generated.some(({ text }) => text.includes('\ufffd'))).toBe(false);
  });

  it('stops after maxTokens and gives out what it held back', async () => {
    const [first = 0, second = 0] = tokenizer.encode('漢');
    const { session } = scripted([first, second, first]);
    await session.prefill([1]);
    const generated = await collect(generate(session, { maxTokens: 2 }, { tokenizer }));
    expect(generated).toEqual([
      { token: first, text: '' },
      { token: second, text: '\ufffd', finish: 'length' },
    ]);
    expect(await collect(generate(session, { maxTokens: 1 }))).toEqual([{ token: first, text: '', finish: 'length' }]);
  });

  it('stops at stop strings, across tokens, and leaves them out', async () => {
    const { session } = scripted(tokenizer.encode('one two. STOP now'));
    await session.prefill([1]);
    const generated = await collect(generate(session, { stopStrings: ['. STOP'] }, { tokenizer }));
    expect(textOf(generated)).toBe('one two');
    expect(generated.at(-1)?.finish).toBe('stopString');
    expect(() => generate(session, { stopStrings: ['x'] })).toThrowErrorMatchingInlineSnapshot(
      `[InputError: stop strings need a tokenizer to be found in the text]`,
    );
  });

  it('goes on where a consumer stopped', async () => {
    const { session, log } = scripted([11, 12, 13]);
    await session.prefill([1]);
    for await (const { token } of generate(session, {})) if (token === 12) break;
    expect(log).toEqual(['1', '11', '12']);
    expect(await collect(generate(session, { maxTokens: 1 }))).toMatchObject([{ token: 13 }]);
  });

  it('stops when its signal aborts, between tokens', async () => {
    const { session } = scripted([11, 12, 13]);
    await session.prefill([1]);
    const controller = new AbortController();
    const tokens: number[] = [];
    const run = async () => {
      for await (const { token } of generate(session, {}, { signal: controller.signal })) {
        tokens.push(token);
        if (token === 12) controller.abort(new Error('enough'));
      }
    };
    await expect(run()).rejects.toThrow('enough');
    expect(tokens).toEqual([11, 12]);
    expect(session.position).toBe(3);
  });

  it('knows the history', async () => {
    const { session } = scripted([11, 11]);
    await session.prefill([11]);
    const logitBias = new Map([[20, 8]]);
    const settings = { maxTokens: 1, repetitionPenalty: 2, logitBias };
    expect(await collect(generate(session, settings, { history: [11] }))).toMatchObject([{ token: 20 }]);
    expect(await collect(generate(session, settings))).toMatchObject([{ token: 11 }]);
  });

  it('refuses settings before anything runs', async () => {
    expect(() => generate(scripted([]).session, { topP: 2 })).toThrow('topP must be above 0 and at most 1, got 2');
  });

  it('answers a whole chat of the goldens', async () => {
    const [{ ids } = { ids: [] }] = goldens.conversations;
    const { session } = scripted([...tokenizer.encode('Hello.'), END]);
    await session.prefill(ids);
    expect(textOf(await collect(generate(session, { stopTokens: [END] }, { tokenizer })))).toBe('Hello.');
  });
});

describe('captionStream', () => {
  const prompt = { before: [1, 2], after: [3, 4, 5], delimiters: [3, 4] };
  const frame = (value: number) => ({
    embeds: { dtype: 'f32', shape: [1, 2], data: Float32Array.of(value, 0) } as const,
  });

  it('opens a window per frame, forwards the stop token before it drops it, keeps the text', async () => {
    const { session, log } = scripted([11, 12, 99, 13, 98, 99]);
    const settings = { stopTokens: [98, 99], maxTokens: 2 };
    const captions = await collect(captionStream(session, [frame(0), frame(1), frame(2)], { prompt, settings }));
    expect(captions).toEqual([
      { frame: 0, token: 11, text: '' },
      { frame: 0, token: 12, text: '', finish: 'length' },
      { frame: 1, token: 99, text: '', finish: 'stopToken' },
      { frame: 2, token: 13, text: '' },
      { frame: 2, token: 98, text: '', finish: 'stopToken' },
    ]);
    expect(log).toEqual([
      ...['1 2', 'image 0', '3 4 5', '11', '12', '98', 'reset window'],
      ...['image 1', '3 4', '99', 'reset window'],
      ...['image 2', '3 4', '13', '98', 'reset window'],
    ]);
  });

  it('ends a frame that was cut with the stop token that came last', async () => {
    const { session, log } = scripted([99, 11]);
    const settings = { stopTokens: [98, 99], maxTokens: 1 };
    await collect(captionStream(session, [frame(0), frame(1)], { prompt, settings }));
    expect(log.slice(-3)).toEqual(['11', '99', 'reset window']);
  });

  it('remembers across frames what it said', async () => {
    const { session } = scripted([11, 99, 11, 99]);
    const noRepeat = { size: 2, window: 20 };
    const settings = { stopTokens: [99], maxTokens: 3, noRepeat, logitBias: new Map([[99, 1]]) };
    const captions = await collect(
      captionStream(session, [frame(0), frame(1)], { prompt: { ...prompt, after: [4] }, settings }),
    );
    // "4 11" was said, so it must not come again after the second frame's delimiters "3 4".
    expect(captions.map(({ frame, token }) => [frame, token])).toEqual([
      [0, 11],
      [0, 99],
      [1, 99],
    ]);
  });

  it('takes frames as they come, and stops when aborted', async () => {
    const { session } = scripted([99, 99, 99]);
    const controller = new AbortController();
    async function* camera() {
      yield frame(0);
      yield frame(1);
      controller.abort(new Error('camera off'));
      yield frame(2);
    }
    const { signal } = controller;
    const captions = captionStream(session, camera(), { prompt, settings: { stopTokens: [99] }, signal });
    const frames: number[] = [];
    const run = async () => {
      for await (const caption of captions) frames.push(caption.frame);
    };
    await expect(run()).rejects.toThrow('camera off');
    expect(frames).toEqual([0, 1]);
  });

  it('needs a stop token', async () => {
    const run = collect(captionStream(scripted([]).session, [], { prompt, settings: {} }));
    await expect(run).rejects.toThrowErrorMatchingInlineSnapshot(
      `[InputError: captioning needs a stop token: it ends the text of a frame]`,
    );
  });
});
