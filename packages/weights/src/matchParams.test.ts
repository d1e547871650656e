import type { DType } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import { type ExpectedParam, matchParams } from './matchParams.ts';
import { memorySource } from './memorySource.ts';
import { renameTable } from './renameTable.ts';

const param = (shape: number[], dtype: DType = 'f16'): ExpectedParam => ({ shape, dtype });
const tensor = (dtype: DType, shape: number[], bytes: number) => ({ dtype, shape, data: new Uint8Array(bytes) });

const source = memorySource(
  new Map([
    ['model.a', tensor('bf16', [2, 3], 12)],
    ['model.b', tensor('f32', [3, 2], 24)],
    ['model.ids', tensor('i64', [2], 16)],
    ['model.extra', tensor('f32', [1], 4)],
  ]),
  'ckpt',
);

describe('matchParams', () => {
  it('sorts every name into one class', () => {
    const report = matchParams(
      new Map([
        ['model.a', param([2, 3])],
        ['model.b', param([2, 3])],
        ['model.ids', param([2])],
        ['model.extras', param([1])],
      ]),
      source,
    );
    expect(report.matched.map(({ name, tensor: { dtype } }) => [name, dtype])).toEqual([['model.a', 'bf16']]);
    expect(report.misshaped).toMatchObject([{ name: 'model.b', transposed: true }]);
    expect(report.mistyped).toMatchObject([{ name: 'model.ids', tensor: { storedDtype: 'I64' } }]);
    expect(report.leftOver.map(({ tensor: { name } }) => name)).toEqual(['model.extra']);
    expect(report.missing.map(({ name }) => name)).toEqual(['model.extras']);
  });

  it('suggests free names before taken ones, three at most', () => {
    const { missing } = matchParams(
      new Map([
        ['model.a', param([2, 3])],
        ['model.c', param([2, 3])],
      ]),
      source,
    );
    expect(missing[0]?.suggestions).toEqual([
      { tensor: 'model.b', renamed: 'model.b', taken: false },
      { tensor: 'model.ids', renamed: 'model.ids', taken: false },
      { tensor: 'model.extra', renamed: 'model.extra', taken: false },
    ]);
    const all = new Map(source.names().map((name) => [name, param([1])]));
    const { missing: none } = matchParams(all.set('model.aa', param([1])), source);
    expect(none[0]?.suggestions[0]).toEqual({ tensor: 'model.a', renamed: 'model.a', taken: true });
  });

  it('looks names up as the rename table leaves them', () => {
    const table = renameTable([
      { from: '^model\\.', to: '' },
      { from: 'never', to: '' },
    ]);
    const report = matchParams(new Map([['a', param([2, 3])]]), source, table);
    expect(report.matched).toMatchObject([{ name: 'a', tensor: { name: 'model.a' } }]);
    expect(report.leftOver.map(({ tensor: { name }, renamed }) => [name, renamed])).toContainEqual(['model.b', 'b']);
    expect(report.unusedRules).toEqual([{ from: 'never', to: '' }]);
  });

  it('tells a square matrix from its transpose by nothing, and does not claim to', () => {
    const report = matchParams(new Map([['model.a', param([3, 3])]]), source);
    expect(report.misshaped).toMatchObject([{ transposed: false }]);
  });
});
