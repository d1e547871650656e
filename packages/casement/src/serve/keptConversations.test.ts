import type { Session } from '@casement/session';
import { expect, test } from 'vitest';
import { KeptConversations, type KeyedTurn } from './keptConversations.ts';

const session = {} as Session; // nothing is asked of it

function keptWith(turns: readonly KeyedTurn[]): KeptConversations {
  const kept = new KeptConversations(2);
  kept.add({ scope: 'a', session, turns });
  return kept;
}

const said: KeyedTurn[] = [{ ids: [1, 2] }, { image: 'x', ids: [3, 4] }];

test.each<[string, KeyedTurn[], object | undefined]>([
  ['more text', [{ ids: [1, 2] }, { image: 'x', ids: [3, 4, 5] }], { turns: 1, ids: 2 }],
  ['another picture after it', [...said, { image: 'y', ids: [6] }], { turns: 1, ids: 2 }],
  ['nothing', said, { turns: 1, ids: 2 }],
  ['other text', [{ ids: [1, 2] }, { image: 'x', ids: [3, 5, 5] }], undefined],
  ['another picture in it', [{ ids: [1, 2] }, { image: 'y', ids: [3, 4, 5] }], undefined],
  ['more text in the middle', [{ ids: [1, 2, 9] }, { image: 'x', ids: [3, 4, 5] }], undefined],
  ['less', [{ ids: [1, 2] }], undefined],
])('a conversation that goes on with %s', (_, turns, held) => {
  expect(keptWith(said).take({ scope: 'a', turns })?.held).toEqual(held);
  expect(keptWith(said).take({ scope: 'b', turns })).toBeUndefined();
});

test('is taken once, the longest first, and the oldest leaves when there are too many', () => {
  const kept = keptWith([{ ids: [1] }]);
  const prompt = { scope: 'a', turns: [{ ids: [1, 2, 3] }] };
  kept.add({ scope: 'a', session, turns: [{ ids: [1, 2] }] });
  expect(kept.add({ scope: 'a', session, turns: [{ ids: [7] }] })?.turns).toEqual([{ ids: [1] }]);
  expect(kept.take(prompt)?.held.ids).toBe(2);
  expect(kept.take(prompt)).toBeUndefined();
  expect(kept.takeOldest()?.turns).toEqual([{ ids: [7] }]);
});
