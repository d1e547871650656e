import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { readAhead } from './readAhead.ts';

it('keeps the order, and a few items under way', async () => {
  const items = [5, 1, 3, 0, 2, 4];
  let [busy, most] = [0, 0];
  const work = async (item: number) => {
    most = Math.max(most, ++busy);
    await setTimeout(item);
    return 10 * item;
  };
  const seen: (readonly [number, number])[] = [];
  for await (const pair of readAhead(items, 3, work)) {
    seen.push(pair);
    busy--; // taken
  }
  expect(seen).toEqual(items.map((item) => [item, 10 * item]));
  expect(most).toBe(3);
});

it('waits for what is under way when one fails, and when nobody wants more', async () => {
  let busy = 0;
  const work = async (item: number) => {
    busy++;
    await setTimeout(item);
    busy--;
    if (item === 0) throw new Error('broken');
    return item;
  };
  const drain = async (items: number[], stopAfter: number) => {
    for await (const [item] of readAhead(items, 3, work)) if (item === stopAfter) break;
  };
  await expect(drain([1, 0, 20, 20], -1)).rejects.toThrow('broken');
  expect(busy).toBe(0);
  await drain([1, 2, 20, 20], 1);
  expect(busy).toBe(0);
});
