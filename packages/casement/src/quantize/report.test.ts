import type { QuantizationError } from '@casement/weights';
import { expect, test } from 'vitest';
import { formatQuantization, formatQuantizationFile } from './report.ts';

test('a weight that is no number is said to be none', () => {
  const errorOf = (name: string, relativeRms: number): QuantizationError => {
    return { name, bits: 4, block: 32, zeroPoints: false, shape: [2, 32], relativeRms, largestError: relativeRms };
  };
  const errors = [errorOf('fine.weight', 0.05), errorOf('broken.weight', Number.NaN), errorOf('vast.weight', Infinity)];
  const { weights } = JSON.parse(formatQuantizationFile(errors)) as { weights: QuantizationError[] }; // as it writes them
  expect(weights.map(({ relativeRms }) => relativeRms)).toEqual([0.05, 'NaN', 'Infinity']);
  expect(formatQuantization(errors, [])).toEqual([
    'quantised 3 weights in 4 bits in blocks of 32',
    '  broken.weight  4 bits  not to be measured: the checkpoint has NaN or infinities here',
    '  vast.weight    4 bits  not to be measured: the checkpoint has NaN or infinities here',
    '  fine.weight    4 bits  off by 5.00 %',
  ]);
});
