import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { goldens } from '../../packages/session/golden/text/read.ts';
import { type BrowserPage, openPage } from './open-page.ts';
import { drawTokens, type encodeChat } from './text.ts';

const PAGE = new URL('./text.ts', import.meta.url);
const folder = fileURLToPath(new URL('../../packages/session/golden/text/model', import.meta.url));
let browser: BrowserPage;

beforeAll(async () => {
  browser = await openPage();
});

afterAll(() => browser?.close());

it('gives the ids of transformers for a chat, and its text back', async () => {
  const chats = goldens.conversations.filter(({ images }) => images.length === 0);
  expect(chats.length).toBeGreaterThan(1);
  for (const { messages, ids, text } of chats) {
    const found = await browser.run<typeof encodeChat>(PAGE, 'encodeChat', browser.url(folder), messages);
    expect(found).toEqual({ ids, text });
  }
});

it('draws the tokens that Node draws', async () => {
  const tokens = await browser.run<typeof drawTokens>(PAGE, 'drawTokens', 42, 100);
  expect(tokens).toEqual(drawTokens(42, 100));
});
