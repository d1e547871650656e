import { expect, test, vi } from 'vitest';
import { ApiError } from '../apiError.ts';
import { eventStream } from './eventStream.ts';

/** A stream of one object and then of what comes, or fails, when it is told to. */
function heldStream() {
  const tell = vi.fn((error: unknown) => new ApiError(500, String(error)));
  let resolve = (_: object) => {};
  let reject = (_: Error) => {};
  const promise = new Promise<object>((...settle) => {
    [resolve, reject] = settle;
  });
  let ended = false;
  async function* rest() {
    try {
      yield await promise;
    } finally {
      ended = true;
    }
  }
  const stream = eventStream({ n: 0 }, rest(), new AbortController().signal, tell);
  return { reader: stream.getReader(), next: { resolve, reject }, tell, hasEnded: () => ended };
}

test('a client that leaves between two objects is no failure', async () => {
  const { reader, next, tell, hasEnded } = heldStream();
  await reader.read();
  void reader.read();
  const cancelled = reader.cancel();
  next.resolve({ n: 1 });
  await cancelled;
  expect([hasEnded(), tell.mock.calls]).toEqual([true, []]);
});

test('what fails after it has left is told all the same', async () => {
  const { reader, next, tell } = heldStream();
  await reader.read();
  void reader.read();
  const cancelled = reader.cancel();
  next.reject(new Error('device lost'));
  await cancelled;
  expect(tell.mock.calls).toEqual([[new Error('device lost')]]);
});
