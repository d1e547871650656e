import { describe, expect, it } from 'vitest';
import { parseRenameTable, renameTable } from './renameTable.ts';

const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  return 'no error';
};

describe('renameTable', () => {
  it('applies every rule in order, to all its matches', () => {
    const table = renameTable([
      { from: '^language_model\\.', to: '' },
      { from: '^layers\\.', to: 'model.layers.' },
      { from: '_', to: '-' },
    ]);
    expect(table.rename('language_model.layers.3.q_proj.w_x')).toBe('model.layers.3.q-proj.w-x');
    expect(table.rename('layers.3')).toBe('model.layers.3');
    expect(table.rename('lm_head')).toBe('lm-head');
  });

  it.each([
    { from: '^h\\.(\\d+)\\.(?<part>\\w+)', to: 'layers.$1.$<part>' },
    { from: '^h\\.(\\d+)\\.(?P<part>\\w+)', to: 'layers.\\1.\\g<part>' },
    { from: '^h\\.(\\d+)\\.(\\w+)', to: 'layers.\\g<1>.\\2' },
    { from: '(?<=^)h', to: 'layers' },
  ])('reads groups as JavaScript and as Python write them: %j', (rule) => {
    expect(renameTable([rule]).rename('h.12.mlp.weight')).toBe('layers.12.mlp.weight');
  });

  it('maps names both ways once and tells which rules were idle', () => {
    const table = renameTable([
      { from: '^a', to: 'b' },
      { from: '^zz', to: 'y' },
    ]);
    const { names, unusedRules } = table.apply(['a.w', 'c.w']);
    expect([...names]).toEqual([
      ['a.w', 'b.w'],
      ['c.w', 'c.w'],
    ]);
    expect(unusedRules).toEqual([{ from: '^zz', to: 'y' }]);
  });

  it('names both tensors that would get one name', () => {
    const table = renameTable([{ from: '^a\\.', to: 'b.' }]);
    expect(failure(() => table.apply(['a.w', 'b.w']))).toMatchInlineSnapshot(
      `"WeightError: The rename table maps two tensors to "b.w": "a.w" and "b.w". Make a rule more specific (anchors ^ and $)."`,
    );
  });
});

describe('parseRenameTable', () => {
  it('reads a list of rules', () => {
    const table = parseRenameTable('[{"from":"^transformer\\\\.","to":"model."}]', 'rename.json');
    expect(table.rename('transformer.x')).toBe('model.x');
  });

  it('names the file that is no JSON', () => {
    expect(failure(() => parseRenameTable('{', 'rename.json'))).toContain('rename.json is not valid JSON: ');
  });

  it('names the rule that is wrong', () => {
    const messages = [
      '{"a":"b"}',
      '[1]',
      '[{"from":"a","to":"b"},{"from":"x"}]',
      '[{"to":"x"}]',
      '[{"from":"a","to":"b","form":""}]',
      '[{"from":"(","to":""}]',
      '[{"from":"(a)","to":"$2"}]',
      '[{"from":"a","to":"\\\\g<x>"}]',
    ];
    expect(
      messages.map((json) => failure(() => parseRenameTable(json, 'rename.json'))).join('\n'),
    ).toMatchInlineSnapshot(`
      "WeightError: rename.json is not a rename table: expected a list [{ "from": "regular expression", "to": "…" }, …].
      WeightError: rename.json: rule 1 is not an object with from and to.
      WeightError: rename.json: rule 2 lacks "to", the replacement as a string.
      WeightError: rename.json: rule 1 lacks "from", a regular expression as a string.
      WeightError: rename.json: rule 1 has an unknown key "form"; a rule has from and to.
      WeightError: rename.json: rule 1 ({"from":"(","to":""}): "from" is no regular expression: Invalid regular expression: /(/g: Unterminated group
      WeightError: rename.json: rule 1 ({"from":"(a)","to":"$2"}): "to" refers to group 2, "from" has 1.
      WeightError: rename.json: rule 1 ({"from":"a","to":"\\\\g<x>"}): "to" refers to group <x>, which "from" does not have."
    `);
  });
});
