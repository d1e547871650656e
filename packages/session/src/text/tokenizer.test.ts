import { describe, expect, it } from 'vitest';
import { goldens, openSmallTokenizer } from '../../golden/text/read.ts';
import { openTokenizer } from './tokenizer.ts';

const tokenizer = await openSmallTokenizer();

describe('ids and text equal those of transformers', () => {
  it.each(goldens.texts)('$text', ({ text, ids, decoded, shown }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(decoded);
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(shown);
  });

  it.each(goldens.sequences)('$ids', ({ ids, decoded, shown }) => {
    expect(tokenizer.decode(ids)).toBe(decoded);
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(shown);
  });
});

describe('a stream of tokens', () => {
  const all = [...goldens.texts, ...goldens.sequences, ...goldens.conversations.map(({ ids }) => ({ ids }))];

  it.each(all)('gives the same text: $ids', ({ ids }) => {
    for (const skipSpecialTokens of [false, true]) {
      const stream = tokenizer.stream({ skipSpecialTokens });
      const pieces = [...ids.map((id) => stream.push(id)), stream.end()];
      expect(pieces.join('')).toBe(tokenizer.decode(ids, { skipSpecialTokens }));
    }
  });

  it('holds back the bytes of a character that is not complete', () => {
    const ids = tokenizer.encode('é漢🙂!');
    const stream = tokenizer.stream();
    const pieces = ids.map((id) => stream.push(id));
    expect(pieces.join('')).toBe('é漢🙂!');
    expect(pieces.filter((piece) => piece !== '')).toEqual(['é', '漢', '🙂', '!']);
    expect(stream.end()).toBe('');
  });

  it('gives up on bytes that never become a character', () => {
    const [first = 0] = tokenizer.encode('漢');
    const stream = tokenizer.stream();
    expect([stream.push(first), stream.end()]).toEqual(['', '\ufffd']);
  });
});

it('adds and leaves out special tokens when asked', () => {
  const bos = { id: 257, content: '<s>', special: true, normalized: false };
  const template = (parts: unknown) => ({ type: 'TemplateProcessing', single: parts, pair: parts, special_tokens: {} });
  const small = openTokenizer({
    tokenizer: {
      added_tokens: [bos],
      normalizer: null,
      pre_tokenizer: null,
      decoder: { type: 'Fuse' },
      post_processor: template([{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }]),
      model: { type: 'BPE', vocab: { a: 1, b: 2 }, merges: [] },
    },
    config: { bos_token: { content: '<s>' }, eos_token: null },
  });
  expect(small.encode('ab')).toEqual([257, 1, 2]);
  expect(small.encode('ab', { addSpecialTokens: false })).toEqual([1, 2]);
  expect(small.named).toEqual({ bos_token: '<s>' });
});

it('gives no text for ids that have no token', () => {
  expect(tokenizer.decode([999_999])).toBe('');
  const [hello = 0] = tokenizer.encode('a');
  expect(tokenizer.decode([hello, 999_999, hello])).toBe('aa');
});

it('says when tokenizer.json is of an unknown kind', () => {
  expect(() => openTokenizer({ tokenizer: {}, config: {} })).toThrowErrorMatchingInlineSnapshot(
    `[TextError: tokenizer.json cannot be used: Tokenizer must contain a "model" property]`,
  );
});
