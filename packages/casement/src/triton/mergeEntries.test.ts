import { expect, test } from 'vitest';
import { mergeEntries } from './mergeEntries.ts';
import { valueInfoOf } from './onnxModel.ts';

test('refuses two outputs of one name that one model cannot have', () => {
  const entry = (name: string, width: number) => ({
    name,
    model: { graph: { output: [valueInfoOf({ name: 'logits', elementType: 1, shape: [1, 'kept', width] })] } },
  });
  expect(() => mergeEntries([entry('step', 8), entry('score', 8), entry('draft', 4)], new Map())).toThrow(
    'entry "draft" has an output "logits" [1, kept, 4], and an entry before it one [1, kept, 8]',
  );
});
