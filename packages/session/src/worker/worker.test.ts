import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { connect, type Port, type Remote, serve } from './index.ts';
import type { PortEvent, PortMessage } from './protocol.ts';

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
  async give() {
    return () => 1;
  },
  async wait(_: undefined, signal: AbortSignal) {
    return new Promise<void>((_, reject) => {
      signal.addEventListener('abort', () => {
        seen.push('given up');
        reject(signal.reason);
      });
    });
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

describe('a worker that goes away', () => {
  /** A port whose events a test makes up. */
  function madeUp() {
    const listeners = new Map<string, (event: PortMessage) => void>();
    const port: Port = {
      postMessage: () => {},
      addEventListener: (type, listener) => listeners.set(type, listener),
      terminate: () => {},
    };
    const happen = (type: PortEvent, event: PortMessage) => listeners.get(type)?.(event);
    return { port, happen, remote: connect<typeof handlers>(port) };
  }

  it('takes calls under way and later ones with it, however it goes', async () => {
    const ends: [how: string, end: (it: ReturnType<typeof madeUp>) => void, message: string][] = [
      ['terminated', ({ port }) => port.terminate?.(), 'the worker was terminated; make another worker'],
      [
        'not found',
        ({ happen }) => happen('error', {}),
        'the worker did not start; is its script there, and may this page load it?; make another worker',
      ],
      [
        'broken from the start',
        ({ happen }) => happen('error', { message: 'SyntaxError: x' }),
        'the worker did not start: SyntaxError: x; make another worker',
      ],
      ['closed', ({ happen }) => happen('close', {}), 'the worker closed the connection; make another worker'],
    ];
    for (const [how, end, message] of ends) {
      const it = madeUp();
      const running = it.remote.call('add', { a: 1, b: 2 });
      end(it);
      const lost = { name: 'WorkerError', code: 'worker-lost', message };
      await expect(running, how).rejects.toMatchObject(lost);
      await expect(it.remote.call('add', { a: 1, b: 2 }), how).rejects.toMatchObject(lost);
    }
  });

  it('is noticed at the other end of a channel', async () => {
    const running = remote.call('wait', undefined);
    channel.port1.close();
    await expect(running).rejects.toMatchObject({ code: 'worker-lost' });
  });

  it('gives up calls that wait for what it threw or could not read, and goes on', async () => {
    for (const [type, event] of [
      ['error', { message: 'in a timer' }],
      ['messageerror', {}],
      ['message', { data: { unread: true } }],
    ] as const) {
      const { happen, remote } = madeUp();
      happen('message', { data: { hello: true } });
      const running = remote.call('fail', undefined as never);
      happen(type, event);
      await expect(running, type).rejects.toMatchObject({ name: 'WorkerError', code: 'worker-error' });
      const next = remote.call('add', { a: 1, b: 2 });
      happen('message', { data: { id: 2, value: 3 } });
      happen('message', { data: { id: 2, done: true } });
      expect(await next, type).toBe(3);
    }
  });

  it('says what cannot be sent, either way, and is told to stop only what runs', async () => {
    const unclonable = { name: 'WorkerError', code: 'unclonable' };
    const wrong = { a: 1, b: (() => 2) as unknown as number };
    await expect(remote.call('add', wrong)).rejects.toMatchObject({
      ...unclonable,
      message: expect.stringMatching(/^what "add" is called with cannot be sent: .*; send plain data/),
    });
    await expect(remote.call('give', undefined as never)).rejects.toMatchObject({
      ...unclonable,
      message: expect.stringMatching(/^what the worker's "give" gives cannot be sent: /),
    });
    expect(await remote.call('add', { a: 1, b: 2 })).toBe(3);
  });
});
