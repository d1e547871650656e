import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchSource, memorySource } from './index.ts';

const content = Uint8Array.from({ length: 100 }, (_, i) => i);
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer(({ url = '', headers }, response) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
    if (!url.endsWith('/weights.bin')) response.writeHead(404).end();
    else if (range && url.startsWith('/ranges/')) {
      response.writeHead(206).end(content.subarray(Number(range[1]), Number(range[2]) + 1));
    } else response.writeHead(200).end(content);
  });
  await new Promise<void>((ready) => {
    server.listen(0, '127.0.0.1', ready);
  });
  const { port } = server.address() as AddressInfo; // a TCP server's address is no string
  base = `http://127.0.0.1:${port}`;
});
afterAll(() => new Promise((closed) => server.close(closed)));

describe('fetchSource', () => {
  it.each(['ranges', 'whole'])('reads files and ranges from a server of %s', async (kind) => {
    const source = fetchSource(`${base}/${kind}/`);
    expect(await source.read('weights.bin')).toEqual(content);
    expect(await source.readRange?.('weights.bin', 10, 5)).toEqual(content.subarray(10, 15));
  });

  it('takes a base with or without a slash, or a URL', async () => {
    for (const folder of [`${base}/ranges`, new URL(`${base}/ranges`), new URL(`${base}/ranges/`)]) {
      expect(await fetchSource(folder).read('weights.bin')).toEqual(content);
    }
  });

  it('names the address that fails', async () => {
    await expect(fetchSource(`${base}/ranges`).read('plan.json')).rejects.toThrow(
      `cannot read ${base}/ranges/plan.json: the server says 404 Not Found`,
    );
    await expect(fetchSource('http://127.0.0.1:1').read('plan.json')).rejects.toMatchObject({
      code: 'source',
      message: expect.stringContaining('cannot read http://127.0.0.1:1/plan.json: '),
    });
  });

  it('passes an abort on as it is', async () => {
    const aborted = AbortSignal.abort(new Error('the user left'));
    await expect(fetchSource(base).read('weights.bin', aborted)).rejects.toThrow('the user left');
  });
});

describe('memorySource', () => {
  const source = memorySource(
    new Map<string, string | Uint8Array>([
      ['a.txt', 'häuser'],
      ['b.bin', content],
    ]),
  );

  it('reads files and ranges', async () => {
    expect(new TextDecoder().decode(await source.read('a.txt'))).toBe('häuser');
    expect(await source.readRange?.('b.bin', 98, 2)).toEqual(Uint8Array.of(98, 99));
  });

  it('names a file that is not there', async () => {
    await expect(source.read('c')).rejects.toThrow('the bundle has no file "c"');
  });
});
