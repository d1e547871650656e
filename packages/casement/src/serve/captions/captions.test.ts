import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { buildTinyChat, PICTURE } from '../../../../../test/support/tinyChat.ts';
import { openModel } from '../../model/openModel.ts';
import { type Server, serve } from '../serve.ts';
import type { ServerMessage } from './protocol.ts';

const KEY = 'sk-test';

let dir: string;
let artifact: string;
let server: Server;
let picture: Buffer;
const lines: object[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'casement-captions-'));
  artifact = await buildTinyChat(dir, 'casa');
  const log = (line: object) => lines.push(line);
  server = await serve({ artifact, port: 0, apiKey: KEY, log, limits: { sessions: 1, queue: 0, idleSeconds: 1 } });
  picture = await readFile(PICTURE);
});

afterAll(async () => {
  await server?.close();
  await rm(dir, { recursive: true, force: true });
});

interface Client {
  readonly socket: WebSocket;
  /** The next message, of a type or of any. */
  next(type?: ServerMessage['type']): Promise<ServerMessage>;
  /** The code with which the connection closes. */
  readonly closed: Promise<number>;
}

async function open({
  headers = {},
  protocols = [`casement-key.${KEY}`, 'casement.captions.v1'],
  url = server.url,
} = {}) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/captions`, protocols, { headers });
  const messages: ServerMessage[] = [];
  let wake = () => {};
  socket.on('message', (data) => {
    messages.push(JSON.parse(String(data)));
    wake();
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  void closed.then(() => wake());
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const client: Client = {
    socket,
    closed,
    async next(type) {
      for (;;) {
        const message = messages.shift();
        if (message && (type === undefined || message.type === type)) return message;
        if (message?.type === 'error') throw new Error(message.error.message);
        if (message) continue;
        if (socket.readyState === WebSocket.CLOSED) throw new Error('closed');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
  return client;
}

const start = (fields: object = {}) =>
  JSON.stringify({ type: 'start', max_tokens: 4, seed: 3, temperature: 0.4, ...fields });

test('captions frames as the model does alone, one session for a client', async () => {
  const client = await open();
  client.socket.send(start({ prefix: 'In this video' }));
  expect(await client.next()).toMatchObject({ type: 'ready', model: 'casa_qwen2_5_vl' });
  const captions: string[] = [];
  let deltas = '';
  for (let frame = 0; frame < 3; frame++) {
    client.socket.send(picture);
    for (let message = await client.next(); ; message = await client.next()) {
      if (message.type === 'delta') deltas += message.text;
      if (message.type !== 'caption') continue;
      expect(message).toMatchObject({ frame, tokens: 4, finish_reason: 'length' });
      captions.push(message.text);
      break;
    }
  }
  client.socket.send('{"type": "stop"}');
  expect(await client.closed).toBe(1000);

  const alone = await openModel(artifact);
  const wanted = ['', '', ''];
  const settings = { maxTokens: 4, seed: 3, temperature: 0.4 };
  for await (const { frame, text } of alone.caption([PICTURE, PICTURE, PICTURE], {
    prefix: 'In this video',
    settings,
  })) {
    wanted[frame] += text;
  }
  await alone.dispose();
  expect(captions).toEqual(wanted);
  expect(deltas).toBe(wanted.join(''));
});

test('takes the likeliest tokens when asked to', async () => {
  const client = await open();
  client.socket.send(JSON.stringify({ type: 'start', max_tokens: 6, greedy: true }));
  await client.next('ready');
  client.socket.send(picture);
  const caption = await client.next('caption');
  client.socket.terminate();

  const alone = await openModel(artifact);
  let wanted = '';
  for await (const { text } of alone.caption([PICTURE], { greedy: true, settings: { maxTokens: 6 } })) wanted += text;
  await alone.dispose();
  expect(caption).toMatchObject({ frame: 0, text: wanted });
});

test('skips frames that are overtaken, and those that are none', async () => {
  const client = await open();
  client.socket.send(start());
  await client.next('ready');
  for (const frame of [picture, picture, Buffer.from('no picture'), picture]) client.socket.send(frame);
  expect(await client.next('error')).toMatchObject({ frame: 2, error: { code: 'invalid_image' } });
  expect(await client.next('skipped')).toMatchObject({ frame: expect.toBeOneOf([0, 1]) });
  for (let message = await client.next('caption'); ; message = await client.next('caption')) {
    if (message.type === 'caption' && message.frame === 3) break;
  }
  client.socket.terminate();
});

test('starts over when the caches are full', async () => {
  // Beside the prompt there is room for two frames or three.
  const narrow = await serve({ artifact: await buildTinyChat(dir, 'casa', 128), port: 0, log: () => {} });
  const client = await open({ url: narrow.url, protocols: [] });
  client.socket.send(start({ max_tokens: 20 }));
  await client.next('ready');
  const seen: string[] = [];
  for (let frame = 0; frame < 9 && !seen.includes('restarted'); frame++) {
    client.socket.send(picture);
    for (let message = await client.next(); ; message = await client.next()) {
      if (message.type === 'error') throw new Error(message.error.message);
      if (message.type !== 'delta') seen.push(message.type);
      if (message.type === 'caption') break;
    }
  }
  expect(seen.slice(-2)).toEqual(['restarted', 'caption']);
  expect(seen.length).toBeGreaterThan(3);
  await narrow.close();
});

test('turns away whom it has no session for, and takes them when there is one', async () => {
  const first = await open();
  first.socket.send(start());
  await first.next('ready');
  const second = await open();
  second.socket.send(start());
  expect(await second.next()).toMatchObject({ type: 'error', error: { code: 'queue_full' } });
  expect(await second.closed).toBe(1013);
  first.socket.terminate();
  for (;;) {
    const third = await open();
    third.socket.send(start());
    const { type } = await third.next();
    third.socket.terminate();
    if (type === 'ready') break;
  }
});

test('ends sessions without frames', async () => {
  const client = await open();
  client.socket.send(start());
  await client.next('ready');
  expect(await client.next()).toMatchObject({ type: 'error', error: { code: 'idle' } });
  expect(await client.closed).toBe(4408);
});

test.each([
  ['{"type": "sing"}', 'invalid_message'],
  ['no JSON', 'invalid_message'],
  ['{"type": "start", "max_tokens": 100000}', 'invalid_message'],
  [Buffer.from([1, 2, 3]), 'invalid_message'],
])('refuses to begin with %s', async (message, code) => {
  const client = await open();
  client.socket.send(message);
  expect(await client.next()).toMatchObject({ type: 'error', error: { code } });
  expect(await client.closed).toBe(1008);
});

test('opens for those who have the key, and for pages of its own', async () => {
  await expect(open({ protocols: [] })).rejects.toThrow('401');
  await expect(open({ protocols: ['casement-key.wrong'] })).rejects.toThrow('401');
  await expect(open({ headers: { origin: 'https://evil.example' } })).rejects.toThrow('403');
  await expect(open({ url: `${server.url}/x` })).rejects.toThrow('404');
  const client = await open({ protocols: [], headers: { authorization: `Bearer ${KEY}`, origin: server.url } });
  client.socket.terminate();
});

test('does not wait for clients that never end a connection', async () => {
  const deaf = await serve({ artifact, port: 0, log: () => {} });
  const { hostname, port } = new URL(deaf.url);
  const upgrade = async (path: string) => {
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const head = `host: ${hostname}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n`;
    socket.write(`GET ${path} HTTP/1.1\r\n${head}sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
    socket.on('error', () => {}); // that the server ends it is what is tested
    await new Promise((resolve) => socket.once('data', resolve));
    return socket;
  };
  const sockets = [await upgrade('/x'), await upgrade('/v1/captions')];
  await deaf.close();
  for (const socket of sockets) socket.destroy();
}, 10_000);

test('gives captions of as many tokens as the server allows, unless asked for fewer', async () => {
  const brief = await serve({ artifact, port: 0, log: () => {}, limits: { maxTokens: 3 } });
  const client = await open({ url: brief.url, protocols: [] });
  client.socket.send(JSON.stringify({ type: 'start', seed: 3 }));
  await client.next('ready');
  client.socket.send(picture);
  expect(await client.next('caption')).toMatchObject({ tokens: 3, finish_reason: 'length' });
  client.socket.terminate();
  await brief.close();
});

test('says which model it cannot caption with, and closes on shutdown', async () => {
  const other = await serve({ artifact: await buildTinyChat(dir, 'insertion'), port: 0, log: () => {} });
  const client = await open({ url: other.url, protocols: [] });
  client.socket.send(start());
  expect(await client.next()).toMatchObject({ error: { message: expect.stringContaining('fusion layers') } });
  const waiting = await open({ url: other.url, protocols: [] });
  await other.close();
  expect(await waiting.closed).toBe(1001);
});

test('logs one line for each session', async () => {
  const before = lines.length;
  const client = await open();
  client.socket.send(start());
  await client.next('ready');
  client.socket.send(picture);
  await client.next('caption');
  client.socket.send('{"type": "stop"}');
  await client.closed;
  while (lines.length === before) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(lines.slice(before)).toMatchObject([{ route: '/v1/captions', frames: 1, completionTokens: 4 }]);
});
