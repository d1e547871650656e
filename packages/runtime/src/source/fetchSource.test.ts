import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fetchSource } from '../index.ts';

const content = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
let server: Server;
let base: string;
/** What the server does with the requests for `weights.bin`; a test replaces it. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let requests: string[];

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.range ?? 'whole'}`);
    if (request.url === '/weights.bin') answer(request, response);
    else if (request.url === '/page.json')
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
    else response.writeHead(404).end();
  });
  await new Promise<void>((ready) => {
    server.listen(0, '127.0.0.1', ready);
  });
  const { port } = server.address() as AddressInfo; // a TCP server's address is no string
  base = `http://127.0.0.1:${port}`;
});
beforeEach(() => {
  requests = [];
  answer = withRanges;
});
afterAll(() => new Promise((closed) => server.close(closed)));

function withRanges({ headers }: IncomingMessage, response: ServerResponse): void {
  const [from, to] = rangeOf(headers.range);
  const etag = { etag: '"1"' };
  if (headers.range === undefined) response.writeHead(200, etag).end(content);
  else if (from >= content.length) response.writeHead(416).end();
  else response.writeHead(206, etag).end(content.subarray(from, to));
}

function withoutRanges(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200).end(content);
}

/** Breaks the connection after some bytes, until `broken` times have passed. */
function breaking(broken: number, after: number, whole = withRanges): typeof withRanges {
  let left = broken;
  return (request, response) => {
    if (left-- <= 0) return whole(request, response);
    const range = whole === withRanges ? request.headers.range : undefined;
    const [from] = rangeOf(range);
    response.writeHead(range ? 206 : 200, { 'content-length': content.length - from });
    // A reader loses what it has not taken yet when a connection breaks.
    response.write(content.subarray(from, from + after), () => setTimeout(() => response.destroy(), 100));
  };
}

function rangeOf(header: string | undefined): [from: number, end: number] {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(header ?? '') ?? [];
  return [Number(from ?? 0), Number(to ?? content.length - 1) + 1];
}

const open = (retryDelays: readonly number[] = [1, 1, 1], silence = 30_000) => {
  return fetchSource(base, { retryDelays, silence });
};
const range = (source: ReturnType<typeof open>, offset: number, length: number) =>
  source.readRange?.('weights.bin', offset, length) ?? expect.fail('no ranges');

/** Byte by byte, but faster than `toEqual`. */
function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

describe('fetchSource', () => {
  it.each([
    ['ranges', withRanges],
    ['no ranges', withoutRanges],
  ])('reads files and ranges, also at once, from a server of %s', async (_, kind) => {
    answer = kind;
    const source = open();
    const offsets = [10, 60_000, 130_000, 199_000];
    const parts = await Promise.all(offsets.map((offset) => range(source, offset, 5000)));
    for (const [i, part] of parts.entries()) {
      expectBytes(part, content.subarray(offsets[i] ?? 0, (offsets[i] ?? 0) + 5000));
    }
    expectBytes(await range(source, 20, 5), content.subarray(20, 25));
    expect(await range(source, 200_000, 5)).toHaveLength(0);
    expectBytes(await source.read('weights.bin'), content);
  });

  it('reads a server without ranges once', async () => {
    answer = withoutRanges;
    const source = open();
    await Promise.all([0, 1, 2, 3].map((i) => range(source, i * 50_000, 50_000)));
    expect(requests).toEqual(['/weights.bin bytes=0-49999']);
  });

  it('goes on where the connection broke', async () => {
    answer = breaking(3, 50_000);
    expectBytes(await range(open([1]), 0, 200_000), content);
    expect(requests.length).toBe(4);
    const starts = requests.map((request) => Number(/=(\d+)-/.exec(request)?.[1]));
    expect(starts[0]).toBe(0);
    for (const [i, start] of starts.slice(1).entries()) expect(start).toBeGreaterThan(starts[i] ?? 0);
  });

  it('begins again where there are no ranges', async () => {
    answer = breaking(1, 50_000, withoutRanges);
    const source = open();
    expectBytes(await range(source, 0, 20_000), content.subarray(0, 20_000));
    expectBytes(await range(source, 20_000, 180_000), content.subarray(20_000));
  });

  it('reads on from a server that stops giving ranges, and from one that begins to', async () => {
    let count = 0;
    answer = (request, response) => (count++ === 0 ? withRanges : withoutRanges)(request, response);
    const source = open();
    const offsets = [0, 50_000, 100_000, 150_000];
    const [first = new Uint8Array(), ...rest] = await Promise.all(
      offsets.map((offset) => range(source, offset, 40_000)),
    );
    const later = await Promise.all(offsets.map((offset) => range(source, offset + 40_000, 10_000)));
    for (const [i, part] of [first, ...rest].entries()) {
      expectBytes(part, content.subarray(i * 50_000, i * 50_000 + 40_000));
      expectBytes(later[i] ?? first, content.subarray(i * 50_000 + 40_000, (i + 1) * 50_000));
    }
    answer = withRanges;
    expectBytes(await range(source, 5, 10), content.subarray(5, 15));
    expectBytes(await range(source, 190_000, 10_000), content.subarray(190_000));
  });

  it('asks again for what a server left out of a range, and for nothing past the end', async () => {
    answer = ({ headers }, response) => {
      const [from, to] = rangeOf(headers.range);
      if (from >= content.length) return void response.writeHead(416).end();
      response.writeHead(206).end(content.subarray(from, Math.min(to, from + 30_000)));
    };
    expectBytes(await range(open(), 0, 200_000), content);
    expect(requests).toHaveLength(7);
    expectBytes(await range(open(), 190_000, 20_000), content.subarray(190_000));
  });

  it('refuses a range that begins elsewhere', async () => {
    answer = (_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-9/200000' }).end(content.subarray(0, 10));
    };
    await expect(range(open(), 10, 10)).rejects.toMatchObject({
      code: 'source',
      message: `${base}/weights.bin: bytes from 10 on were asked for, the server gives bytes 0-9/200000`,
    });
  });

  it('leaves a stream alone that was stopped with another load', async () => {
    answer = withoutRanges;
    const source = open([]);
    const first = new AbortController();
    await source.readRange?.('weights.bin', 0, 10, first.signal);
    first.abort();
    expectBytes(await range(source, 10, 10), content.subarray(10, 20));
  });

  it('begins again when a stream breaks where nothing is needed', async () => {
    answer = breaking(1, 50_000, withoutRanges);
    expectBytes(await range(open([1]), 150_000, 1000), content.subarray(150_000, 151_000));
    expect(requests).toHaveLength(2);
  });

  it('gives up when nothing comes', async () => {
    answer = (_, response) => response.writeHead(503, 'Busy').end();
    await expect(range(open(), 0, 10)).rejects.toMatchObject({
      code: 'network',
      message: `cannot read ${base}/weights.bin, after 4 tries: the server says 503 Busy`,
    });
    await expect(fetchSource('http://127.0.0.1:1', { retryDelays: [] }).read('plan.json')).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('cannot read http://127.0.0.1:1/plan.json, after 1 tries: '),
    });
  });

  it('asks again where the server falls silent, before its answer and within', async () => {
    let count = 0;
    answer = (request, response) => {
      if (count++ === 0) return; // never
      if (count > 2) return withRanges(request, response);
      response.writeHead(206).write(content.subarray(0, 50_000));
    };
    expectBytes(await range(open([1, 1], 300), 0, 200_000), content);
    expect(requests).toEqual(['0-199999', '0-199999', '50000-199999'].map((range) => `/weights.bin bytes=${range}`));
    answer = () => {};
    await expect(open([1], 20).read('weights.bin')).rejects.toMatchObject({
      code: 'network',
      message: `cannot read ${base}/weights.bin, after 2 tries: the server was silent for 0.02 seconds`,
    });
  });

  it('does not mix two versions of a file', async () => {
    const source = open();
    await range(source, 0, 10);
    answer = (_, response) => response.writeHead(206, { etag: '"2"' }).end(content.subarray(10, 20));
    await expect(range(source, 10, 10)).rejects.toMatchObject({
      code: 'changed',
      message: `${base}/weights.bin was replaced while it was read; load the model again`,
    });
    expectBytes(await range(source, 10, 10), content.subarray(10, 20)); // that other load
    answer = (_, response) => response.writeHead(206, { etag: 'W/"2"' }).end(content.subarray(20, 30));
    expectBytes(await range(source, 20, 10), content.subarray(20, 30)); // compressed on its way
  });

  it('names what is not there, at once', async () => {
    await expect(open().read('plan.json')).rejects.toMatchObject({
      code: 'source',
      message: `cannot read ${base}/plan.json: the server says 404 Not Found`,
    });
    await expect(open().read('page.json')).rejects.toMatchObject({
      code: 'source',
      message: `cannot read ${base}/page.json: the server answers with a web page; is it there?`,
    });
    expect(requests).toHaveLength(2);
  });

  it('takes a base with or without a slash, a URL, or an address for each file, and encodes names', async () => {
    const each = { 'weights.bin': `${base}/weights.bin` };
    for (const addresses of [base, `${base}/`, new URL(base), new URL(`${base}/`), each]) {
      expectBytes(await fetchSource(addresses).read('weights.bin'), content);
    }
    await expect(open().read('a b#?.wgsl')).rejects.toThrow(`${base}/a%20b%23%3F.wgsl: the server says 404`);
    await expect(fetchSource(each).read('toString')).rejects.toThrow('the bundle has no file "toString"');
  });

  it.each(['../secret', 'a/b', '..', 'a\\b', 'http:x', ''])('refuses the name %j', async (name) => {
    await expect(open().read(name)).rejects.toMatchObject({ code: 'source' });
    expect(requests).toEqual([]);
  });

  it('passes an abort on as it is, during a request and between two', async () => {
    const aborted = AbortSignal.abort(new Error('the user left'));
    await expect(open().read('weights.bin', aborted)).rejects.toThrow('the user left');
    const abort = new AbortController();
    answer = (_, response) => {
      response.writeHead(500).end();
      setTimeout(() => abort.abort(new Error('the user left')), 10);
    };
    const waiting = open([60_000]).readRange?.('weights.bin', 0, 10, abort.signal);
    await expect(waiting).rejects.toThrow('the user left');
  });
});
