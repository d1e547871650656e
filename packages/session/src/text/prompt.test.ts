import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { goldens, openSmallTokenizer, readSmallFiles } from '../../golden/text/read.ts';
import { imageTokens, patchGrid, readImageSettings } from '../image/index.ts';
import { decodeImage } from '../image/node/index.ts';
import { captionPrompt } from './captionPrompt.ts';
import { openChatTemplate } from './chatTemplate.ts';
import { continueChat } from './continuation.ts';
import { insertionPrompt } from './insertionPrompt.ts';
import { type ChatMessage, imagesOf } from './messages.ts';
import { encodePrompt } from './prompt.ts';
import { windowPrompt } from './windowPrompt.ts';

const tokenizer = await openSmallTokenizer();
const imageToken = '<|image_pad|>';
const template = openChatTemplate(await readSmallFiles(), tokenizer.named, imageToken);
const id = (token: string) => tokenizer.idOf(token) ?? Number.NaN;
const delimiters = { before: [id('<|vision_start|>')], after: [id('<|vision_end|>')] };
const readPicture = (file: string) => decodeImage(readFileSync(new URL(`../../golden/image/${file}`, import.meta.url)));
const user = (...content: Exclude<ChatMessage['content'], string>): ChatMessage => ({ role: 'user', content });
const IMAGE = { type: 'image' } as const;
const say = (text: string) => ({ type: 'text', text }) as const;

describe('a chat becomes the ids that transformers makes of it', () => {
  it.each(goldens.conversations)('$text', async ({ messages, options, text, images, grids, ids }) => {
    expect(template.prompt(messages, { variables: options })).toBe(text);
    const parts = encodePrompt(tokenizer, text, { imageToken, images: imagesOf(messages).length });
    const settings = readImageSettings({});
    const found = await Promise.all(images.map(async (file) => patchGrid(await readPicture(file), settings)));
    expect(found.map(({ rows, columns }) => [rows, columns])).toEqual(grids);
    const counts = found.map((grid) => imageTokens(grid, settings));
    const prompt = insertionPrompt(parts, id(imageToken), counts);
    expect(prompt.ids).toEqual(ids);
    for (const { start, count } of prompt.images) {
      const block = ids.slice(start - 1, start + count + 1);
      expect(block).toEqual([...delimiters.before, ...Array(count).fill(id(imageToken)), ...delimiters.after]);
    }
  });

  it('takes images as OpenAI writes them', () => {
    const url = user({ type: 'image_url', image_url: { url: 'data:…' } }, say('What is this?'));
    expect(template.prompt([url])).toBe(goldens.conversations[2]?.text);
  });
});

describe('a prompt in windows', () => {
  const prompt = (text: string) =>
    encodePrompt(tokenizer, text, { imageToken, images: text.split(imageToken).length - 1 });

  it('opens each window before the delimiters, and loses no token', () => {
    const text = `a<|vision_start|>${imageToken}<|vision_end|>b<|vision_start|>${imageToken}<|vision_end|>`;
    const [before, after] = [delimiters.before[0], delimiters.after[0]];
    expect(windowPrompt(prompt(text), delimiters)).toEqual([
      { ids: [id('a')] },
      { image: 0, ids: [before, after, id('b')] },
      { image: 1, ids: [before, after] },
    ]);
  });

  it('adds delimiters that the template does not write', () => {
    expect(windowPrompt(prompt(`${imageToken}b`), { before: [1, 2], after: [3] })).toEqual([
      { image: 0, ids: [1, 2, 3, id('b')] },
    ]);
    expect(windowPrompt(prompt('b'), { before: [1, 2], after: [3] })).toEqual([{ ids: [id('b')] }]);
  });

  it('works without delimiters', () => {
    expect(windowPrompt(prompt(`a${imageToken}b`), { before: [], after: [] })).toEqual([
      { ids: [id('a')] },
      { image: 0, ids: [id('b')] },
    ]);
  });
});

it('writes images into the text for a template that knows none', () => {
  const source = "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m['content'] | trim }}\n{% endfor %}";
  const plain = openChatTemplate({ chatTemplate: source }, { bos_token: '<s>' }, '<IMG>');
  const text = plain.prompt([user(IMAGE, say(' What? '))]);
  expect(text).toBe('<s>[user] <IMG> What?\n');
  const parts = encodePrompt(tokenizer, text, { imageToken: '<IMG>', images: 1 });
  expect(parts.map((part) => tokenizer.decode(part))).toEqual(['<s>[user] ', ' What?\n']);
});

describe('a chat goes on', () => {
  const messages = [user(say('Hi'))];
  const next = [user(IMAGE, say('And this?'))];
  const end = id('<|im_end|>');

  it('after a complete answer', () => {
    const answer = [...tokenizer.encode('Hello.'), end];
    const { message, text } = continueChat(template, tokenizer, { messages, answer, next }) ?? {};
    expect(message?.content).toBe('Hello.');
    expect(text).toBe(
      `\n<|im_start|>user\n<|vision_start|>${imageToken}<|vision_end|>And this?<|im_end|>\n<|im_start|>assistant\n`,
    );
    const whole = template.prompt([...messages, { role: 'assistant', content: 'Hello.' }, ...next]);
    const ids = [...tokenizer.encode(template.prompt(messages)), ...answer, ...tokenizer.encode(text ?? '')];
    expect(ids).toEqual(tokenizer.encode(whole));
  });

  it.each([
    ['that was cut', 'Hello'],
    ['with special tokens in it', 'a <|vision_pad|> b<|endoftext|>'],
  ])('after an answer %s', (_, said) => {
    const { message, text } =
      continueChat(template, tokenizer, { messages, answer: tokenizer.encode(said), next: [user(say('?'))] }) ?? {};
    expect(message?.content).toBe(said);
    expect(text).toBe('<|im_end|>\n<|im_start|>user\n?<|im_end|>\n<|im_start|>assistant\n');
  });

  it('not where the template rewrites the past', () => {
    const source = "{% for m in messages %}{{ m['content'] | trim }}|{% endfor %}";
    const trimming = openChatTemplate({ chatTemplate: source }, {}, imageToken);
    const answer = tokenizer.encode(' spaced ');
    const plain = [{ role: 'user', content: 'Hi' }];
    expect(continueChat(trimming, tokenizer, { messages: plain, answer, next: plain })).toBeUndefined();
  });
});

it('leaves the last message open', () => {
  const messages: ChatMessage[] = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'I ' },
  ];
  expect(template.open(messages)).toMatch(/<\|im_start\|>assistant\nI $/);
});

it('writes the text around the frames of a captioning', () => {
  const instructions = [{ role: 'system', content: 'Comment.' }, user(say('Describe.'))];
  const prompt = captionPrompt(template, tokenizer, { instructions, prefix: 'In this video', imageToken, delimiters });
  expect(tokenizer.decode(prompt.before)).toBe(
    '<|im_start|>system\nComment.<|im_end|>\n<|im_start|>user\nDescribe.<|im_end|>\n<|im_start|>assistant\n',
  );
  expect(tokenizer.decode(prompt.after)).toBe('<|vision_start|><|vision_end|>In this video');
  expect(tokenizer.decode(prompt.delimiters)).toBe('<|vision_start|><|vision_end|>');
});

describe('errors', () => {
  it('counts images', () => {
    const text = template.prompt([user(say(`What does ${imageToken} mean?`))]);
    expect(() => encodePrompt(tokenizer, text, { imageToken, images: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[TextError: the prompt has 1 places for images (<|image_pad|>), but 0 images were given: a message that contains this text itself counts too]`,
    );
  });

  it('says what is wrong with a template', () => {
    const open = (chatTemplate?: string) =>
      openChatTemplate(chatTemplate === undefined ? {} : { chatTemplate }, {}, imageToken);
    expect(() => open()).toThrowErrorMatchingInlineSnapshot(
      `[TextError: the model has no chat template: put one into its folder as chat_template.jinja]`,
    );
    expect(() => open('{% if %}')).toThrow(/^the chat template is not valid: /);
    expect(() => open("{{ raise_exception('roles must alternate') }}").prompt([])).toThrowErrorMatchingInlineSnapshot(
      `[TextError: the chat template refuses these messages: roles must alternate]`,
    );
    expect(() => open('nothing').open([{ role: 'user', content: 'Hi' }])).toThrow('leaves out the last message');
  });
});
