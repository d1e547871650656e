import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { connect, type Port, type Remote, serve } from './index.ts';

class Broken extends Error {
  override readonly name = 'Broken';
  readonly code = 'memory';
}

const seen: string[] = [];
const handlers = {
  async add({ a, b }: { a: number; b: number }) {
    return a + b;
  },
  async length(bytes: Uint8Array) {
    return bytes.byteLength;
  },
  async *count(to: number, signal: AbortSignal) {
    try {
      for (let i = 0; i < to; i++) {
        signal.throwIfAborted();
        yield i;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      seen.push(signal.aborted ? 'stopped' : 'ended');
    }
  },
  async *countDeaf(from: number) {
    try {
      for (let i = from; ; i++) {
        yield i;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      seen.push('left');
    }
  },
  async fail() {
    throw new Broken('no room');
  },
};

let channel: MessageChannel;
let remote: Remote<typeof handlers>;

beforeEach(() => {
  seen.length = 0;
  channel = new MessageChannel();
  // Node's ports are Ports; their types are narrower than what they take.
  serve(handlers, channel.port1 as unknown as Port);
  remote = connect<typeof handlers>(channel.port2 as unknown as Port);
  channel.port1.start();
  channel.port2.start();
});
afterEach(() => channel.port1.close());

async function all<T>(values: AsyncIterable<T>, stopAt?: T): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) {
    list.push(value);
    if (value === stopAt) break;
  }
  return list;
}

describe('a worker', () => {
  it('answers once, and as it goes along, several calls at a time', async () => {
    const results = await Promise.all([
      remote.call('add', { a: 2, b: 3 }),
      all(remote.stream('count', 4)),
      all(remote.stream('count', 2)),
    ]);
    expect(results).toEqual([5, [0, 1, 2, 3], [0, 1]]);
    expectTypeOf(results[0]).toEqualTypeOf<number>();
    expectTypeOf(results[1]).toEqualTypeOf<number[]>();
  });

  it('takes what is moved to it', async () => {
    const bytes = new Uint8Array(8);
    expect(await remote.call('length', bytes, { transfer: [bytes.buffer] })).toBe(8);
    expect(bytes.byteLength).toBe(0);
  });

  it('hands errors on with their code', async () => {
    await expect(remote.call('fail', undefined as never)).rejects.toMatchObject({
      name: 'Broken',
      message: 'no room',
      code: 'memory',
    });
    // @ts-expect-error there is no such handler
    await expect(remote.call('toString', 1)).rejects.toThrow('the worker has no "toString"');
  });

  it('stops when nobody listens any more', async () => {
    expect(await all(remote.stream('count', 1000), 2)).toEqual([0, 1, 2]);
    await expect.poll(() => seen).toEqual(['stopped']);
    const abort = new AbortController();
    const counting = all(remote.stream('count', 1000, { signal: abort.signal }));
    setTimeout(() => abort.abort(new Error('the user left')), 5);
    await expect(counting).rejects.toThrow('the user left');
    await expect.poll(() => seen).toEqual(['stopped', 'stopped']);
    expect(await all(remote.stream('countDeaf', 5), 6)).toEqual([5, 6]);
    await expect.poll(() => seen).toEqual(['stopped', 'stopped', 'left']);
  });
});
