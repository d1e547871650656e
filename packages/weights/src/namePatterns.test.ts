import { expect, it } from 'vitest';
import { namePatterns } from './namePatterns.ts';

it('puts names that differ in numbers alone on one line, runs of numbers as ranges', () => {
  const names = [
    'head.w',
    ...[0, 1, 2, 5, 7, 8].map((layer) => `layers.${layer}.w`),
    'layers.0.b1',
    'e.0.x.0',
    'e.1.x.0',
  ];
  const patterns = namePatterns(
    names,
    (name) => name,
    () => '',
  );
  expect(patterns.map(({ text, items }) => `${text} ${items.length}`)).toEqual([
    'head.w 1',
    'layers.{0..2,5,7..8}.w 6',
    'layers.0.b1 1',
    'e.{0..1}.x.0 2',
  ]);
});

it('keeps variants of one pattern apart', () => {
  const patterns = namePatterns(
    ['l.0', 'l.1', 'l.2'],
    (name) => name,
    (name) => (name === 'l.1' ? 'odd' : 'even'),
  );
  expect(patterns.map(({ text }) => text)).toEqual(['l.{0,2}', 'l.1']);
});
