import type { Batch, Executor, Session } from '@casement/session';
import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

const { signal } = new AbortController();

/** A batch of one conversation, whose end fails. */
function failingBatch(): Batch {
  let free = 1;
  const dispose = async () => {
    free = 1;
    throw new Error('device lost');
  };
  return {
    rows: 1,
    get free() {
      return free;
    },
    open: () => {
      free = 0;
      return { dispose } as unknown as Executor; // nothing else of it is asked for
    },
    dispose: async () => {},
  };
}

test('a conversation whose end fails leaves its place all the same', async () => {
  const slots = new Slots(failingBatch(), 0);
  for (let i = 0; i < 2; i++) {
    const visit = slots.enter();
    await visit.executor(signal);
    expect(() => slots.enter()).toThrow('its queue is full');
    await expect(visit.leave()).rejects.toThrow('device lost');
  }
  expect([slots.busy, slots.waiting]).toEqual([0, 0]);
  await slots.close();
  expect(() => slots.enter()).toThrow('shutting down');
});

test('conversations that are kept make room for others, the oldest first', async () => {
  const open = new Set<Executor>();
  const batch: Batch = {
    rows: 2,
    get free() {
      return 2 - open.size;
    },
    open: () => {
      if (open.size === 2) return undefined;
      const executor = { dispose: async () => open.delete(executor) } as unknown as Executor; // as above
      open.add(executor);
      return executor;
    },
    dispose: async () => {},
  };
  const slots = new Slots(batch, 0);
  const keep = async (id: number) => {
    const visit = slots.enter();
    const executor = await visit.executor(signal);
    await visit.leave({ scope: '', session: { executor } as Session, turns: [{ ids: [id] }] });
    return executor;
  };
  await keep(1);
  const newer = await keep(2);
  expect([...open]).toEqual([newer]);
  const both = [slots.enter(), slots.enter()];
  await Promise.all(both.map((visit) => visit.executor(signal)));
  expect([open.size, open.has(newer), slots.busy]).toEqual([2, false, 2]);
  for (const visit of both) await visit.leave();
  expect([open.size, slots.busy]).toEqual([0, 0]);
  await keep(3);
  await slots.close();
  expect(open.size).toBe(0);
});
