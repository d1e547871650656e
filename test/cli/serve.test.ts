import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askStreaming } from '../load/askStreaming.ts';
import { startServer } from '../load/startServer.ts';
import { buildTinyChat } from '../support/tinyChat.ts';

let dir: string;
let artifact: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cli-serve-'));
  artifact = await buildTinyChat(dir, 'casa', 256);
});

afterAll(() => rm(dir, { recursive: true, force: true }));

it('serves until it is told to stop, and ends the answers on their way', async () => {
  const server = await startServer(artifact, ['--name', 'tiny', '--sessions', '2', '--threads', '1']);
  const body = { model: 'tiny', messages: [{ role: 'user', content: 'Hello?' }], max_tokens: 30 };
  let stopped: Promise<number | null> | undefined;
  const { tokens } = await askStreaming(server.url, body, new AbortController().signal, () => {
    stopped ??= server.stop();
  });
  expect(tokens).toBe(30);
  expect(await stopped).toBe(0);
});
