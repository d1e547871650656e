import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** One request for the weights: how many there were before it, what it asks for, and how to answer. */
export interface Request {
  readonly count: number;
  readonly content: Uint8Array;
  /** Bytes asked for; the whole file without a range. */
  readonly from: number;
  readonly end: number;
  readonly response: ServerResponse;
}

type Answer = (request: Request) => void;

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'etag, content-range',
  'cross-origin-resource-policy': 'cross-origin',
};

function range({ content, from, end, response }: Request, more: Readonly<Record<string, string>> = {}): void {
  const part = content.subarray(from, end);
  const last = from + part.length - 1;
  response.writeHead(206, { ...CORS, 'content-range': `bytes ${from}-${last}/${content.length}`, ...more }).end(part);
}

function whole({ content, response }: Request): void {
  response.writeHead(200, CORS).end(content);
}

/** Sends the head and some bytes, and breaks the connection. */
function breakAfter({ content, from, end, response }: Request, bytes: number, status: 200 | 206): void {
  const [start, stop] = status === 206 ? [from, end] : [0, content.length];
  response.writeHead(status, { ...CORS, 'content-length': stop - start });
  // A browser may drop what it has not handed on when a connection breaks.
  response.write(content.subarray(start, Math.min(stop, start + bytes)), () =>
    setTimeout(() => response.destroy(), 50),
  );
}

function zipped({ content, response }: Request): void {
  response.writeHead(200, { ...CORS, 'content-encoding': 'gzip' }).end(gzipSync(content));
}

/** What can become of the weights on their way. */
export const FAULTS = {
  none: range,
  'no ranges': whole,
  'breaks once': (r) => (r.count === 0 ? breakAfter(r, 10_000, 206) : range(r)),
  'breaks in every piece': (r) => (r.count % 2 === 0 ? breakAfter(r, 10_000, 206) : range(r)),
  'breaks without ranges': (r) => (r.count === 0 ? breakAfter(r, 100_000, 200) : whole(r)),
  'always breaks': (r) => breakAfter(r, 0, 206),
  'ranges, then none': (r) => (r.count < 2 ? range(r) : whole(r)),
  'short ranges': (r) => range({ ...r, end: Math.min(r.end, r.from + 20_000) }),
  'another range': ({ from: _, ...r }) => range({ ...r, from: 0, end: 65_536 }),
  'content-length too long': ({ content, from, end, response }) => {
    response.writeHead(206, { ...CORS, 'content-length': end - from + 100 });
    response.write(content.subarray(from, end), () => response.destroy());
  },
  'content-length too short': ({ content, from, end, response }) => {
    response.writeHead(206, { ...CORS, 'content-length': end - from - 100 });
    response.write(content.subarray(from, end), () => response.destroy());
  },
  'whole, content-length too short': ({ content, response }) => {
    response.writeHead(200, { ...CORS, 'content-length': 100_000 });
    response.write(content, () => response.destroy());
  },
  'whole, gzip': zipped,
  'gzip of each range': (r) => {
    if (r.end - r.from === r.content.length) return zipped(r);
    const part = gzipSync(r.content.subarray(r.from, r.end));
    r.response.writeHead(206, { ...CORS, 'content-encoding': 'gzip' }).end(part);
  },
  'ranges of the gzip': (r) => {
    if (r.end - r.from === r.content.length) return zipped(r);
    const part = gzipSync(r.content).subarray(r.from, r.end);
    r.response.writeHead(206, { ...CORS, 'content-encoding': 'gzip' }).end(part);
  },
  'gzip, and breaks once': (r) => (r.count === 1 ? breakAfter(r, 0, 200) : zipped(r)),
  changed: (r) =>
    range({ ...r, content: r.count < 2 ? r.content : other(r.content) }, { etag: `"${r.count < 2 ? 1 : 2}"` }),
  'changed, without ETag': (r) => range({ ...r, content: r.count < 2 ? r.content : other(r.content) }),
  'damaged once': (r) => range({ ...r, content: r.count === 0 ? other(r.content) : r.content }),
  'one ETag for each host': (r) => range(r, { etag: `"${r.count % 2}"` }),
  'busy at first': (r) => (r.count < 2 ? void r.response.writeHead(503, CORS).end() : range(r)),
  'no CORS': ({ content, response }) => response.writeHead(200).end(content),
  'not found': ({ response }) => void response.writeHead(404, CORS).end(),
  'a web page': ({ response }) => void response.writeHead(200, { ...CORS, 'content-type': 'text/html' }).end('<html>'),
  'cut off': (r) => range({ ...r, content: r.content.subarray(0, 150_000), end: Math.min(r.end, 150_000) }),
  silent: () => {},
  'silent once': (r) => (r.count === 0 ? undefined : range(r)),
} satisfies Readonly<Record<string, Answer>>;

export type Fault = keyof typeof FAULTS;

function other(content: Uint8Array): Uint8Array {
  return content.map((byte) => byte ^ 1);
}

/** Serves files as they are, and `weights.bin` with a fault; each address that it gives counts its own requests. */
export async function serveHostile(files: ReadonlyMap<string, string | Uint8Array>) {
  const counts: { readonly fault: Fault; requests: number }[] = [];
  const server = createServer((request, response) => {
    const [, id = '', file = ''] = /^\/(\d+)\/(.*)$/.exec(request.url ?? '') ?? [];
    const [state, content] = [counts[Number(id)], files.get(file)];
    if (request.method === 'OPTIONS') response.writeHead(204, CORS).end();
    else if (content === undefined || state === undefined) response.writeHead(404, CORS).end();
    else if (typeof content === 'string') response.writeHead(200, CORS).end(content);
    else {
      const answer: Answer = FAULTS[state.fault];
      answer({ count: state.requests++, content, response, ...rangeOf(request, content.length) });
    }
  });
  await new Promise<void>((ready) => {
    server.listen(0, '127.0.0.1', ready);
  });
  const { port } = server.address() as AddressInfo; // a TCP server's address is no string
  return {
    url(fault: Fault): string {
      counts.push({ fault, requests: 0 });
      return `http://127.0.0.1:${port}/${counts.length - 1}`;
    },
    /** How often the weights were asked for at an address. */
    requests: (url: string) => counts[Number(url.split('/').at(-1))]?.requests,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function rangeOf({ headers }: IncomingMessage, length: number): { from: number; end: number } {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  return { from: Number(from ?? 0), end: Math.min(length, Number(to ?? length - 1) + 1) };
}
