import { axisOf, type Node, type Value } from '@casement/ir';
import { Notes } from './notes.ts';
import type { Uses } from './uses.ts';

/** The parts that a value is cut into along one axis; together they are all of it. */
export interface Tiles {
  readonly axis: number;
  readonly slices: readonly Node[];
  readonly sizes: readonly number[];
}

/** Slices of a value that `Split` computes as one node; undefined when they overlap, leave gaps, or are not fixed, says `notes`. */
export function tilesOf(value: Value, uses: Uses, notes = new Notes()): Tiles | undefined {
  const slices = uses.readersOf(value).filter(({ op, inputs }) => op.name === 'slice' && inputs[0] === value);
  if (slices.length < 2 || value.state !== undefined) return undefined;
  const rank = value.type.shape.length;
  const cuts = slices.map((node) => {
    const { axis, start, size } = node.attrs;
    return { node, axis: axisOf(Number(axis), rank), start, size };
  });
  const [{ axis } = { axis: 0 }] = cuts;
  const sorted = cuts.toSorted((a, b) => Number(a.start) - Number(b.start));
  const decline = (why: string): undefined => {
    notes.add('slices as one split', `"${value.name}"`, why);
    return undefined;
  };
  let end = 0;
  for (const cut of sorted) {
    if (cut.axis !== axis) return decline('they are along different axes');
    if (typeof cut.start !== 'number' || typeof cut.size !== 'number') return decline('their sizes are not fixed');
    if (cut.start !== end || cut.size < 1) return decline('they overlap or leave gaps');
    end += cut.size;
  }
  if (end !== value.type.shape[axis]) return decline('they leave out the end');
  return { axis, slices: sorted.map(({ node }) => node), sizes: sorted.map(({ size }) => Number(size)) };
}
