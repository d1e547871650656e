import { describe, expect, it } from 'vitest';
import { type ExpectedParam, matchParams } from './matchParams.ts';
import { memorySource } from './memorySource.ts';
import { suggestRules } from './suggestRules.ts';

/** Pairs of a checkpoint's name and the name the model has for it; all of one shape. */
function draft(pairs: [string, string][]) {
  const source = memorySource(
    new Map(pairs.map(([stored]) => [stored, { dtype: 'f32', shape: [1], data: new Uint8Array(4) } as const])),
  );
  const expected = new Map(pairs.map(([, name]): [string, ExpectedParam] => [name, { dtype: 'f32', shape: [1] }]));
  return suggestRules(matchParams(expected, source));
}

const layers = (stored: string, name: string): [string, string][] =>
  [0, 1, 2].map((layer) => [stored.replace('#', `${layer}`), name.replace('#', `${layer}`)]);

describe('suggestRules', () => {
  it.each([
    ['a prefix replaced', 'lm.layers.#.mlp.w', 'model.layers.#.mlp.w', [{ from: '^lm\\.', to: 'model.' }]],
    ['a prefix removed', 'module.layers.#.mlp.w', 'layers.#.mlp.w', [{ from: '^module\\.', to: '' }]],
    ['a prefix added', 'layers.#.mlp.w', 'model.layers.#.mlp.w', [{ from: '^', to: 'model.' }]],
    ['a segment replaced', 'layers.#.xattn.q.w', 'layers.#.casa.q.w', [{ from: '\\.xattn\\.', to: '.casa.' }]],
    ['a segment removed', 'layers.#.inner.q.w', 'layers.#.q.w', [{ from: '\\.inner\\.', to: '.' }]],
    ['a segment added', 'layers.#.q.w', 'layers.#.attn.q.w', [{ from: '(^|\\.)(\\d+)(?=\\.|$)', to: '$1$2.attn' }]],
    ['an end replaced', 'layers.#.norm.gamma', 'layers.#.norm.weight', [{ from: '\\.gamma$', to: '.weight' }]],
    ['an end added', 'layers.#.norm', 'layers.#.norm.weight', [{ from: '(^|\\.)(norm)(?=\\.|$)', to: '$1$2.weight' }]],
    ['characters that mean something', 'a+b.#.w', 'c.#.w', [{ from: '^a\\+b\\.', to: 'c.' }]],
  ])('%s', (_, stored, name, rules) => {
    expect(draft(layers(stored, name))).toEqual({ rules, resolves: 3 });
  });

  it('leaves names alone that already fit', () => {
    const pairs = [
      ...layers('layers.#.x.w', 'layers.#.x.w'),
      ['layers.3.x.w', 'layers.3.y.w'] satisfies [string, string],
    ];
    expect(draft(pairs as [string, string][])).toBeUndefined();
  });

  it('does not merge two names into one', () => {
    expect(
      draft([
        ['a.w', 'c.w'],
        ['b.w', 'zzzzzzzz'],
        ['c.x', 'c.x'],
      ])?.rules,
    ).toEqual([{ from: '^a\\.', to: 'c.' }]);
  });

  it('never renames one layer to another', () => {
    expect(draft([['layers.0.w', 'layers.1.w']])).toBeUndefined();
  });
});
