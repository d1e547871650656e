import type { Candidate } from '../candidates.ts';
import { type LinearSite, linearBlockPerThread } from '../kernels/linearBlockPerThread.ts';
import { linearSharedTiles } from '../kernels/linearSharedTiles.ts';
import { rowsOf } from '../operand.ts';
import { readsBySteps } from '../wgsl/weightReader.ts';

/** Kernels for many rows of x, whatever the weight's format. For one row there is nothing to share. */
export const tiledLinears: readonly Candidate<LinearSite>[] = [
  {
    kernel: 'linearSharedTiles',
    rule: 'several rows, on GPUs',
    when: (site, { kind }) => hasTiles(site) && kind === 'gpu',
    build: linearSharedTiles,
  },
  {
    kernel: 'linearBlockPerThreadQuads',
    rule: 'several rows, subgroups, no barriers',
    when: (site, { features }) => hasTiles(site) && features.has('subgroups'),
    build: (site) => linearBlockPerThread(site, { rows: 8, quads: true }),
  },
  {
    kernel: 'linearBlockPerThread',
    rule: 'several rows, no barriers',
    when: hasTiles,
    build: (site) => linearBlockPerThread(site, { rows: 4, quads: false }),
  },
];

function hasTiles({ weight, y }: LinearSite): boolean {
  return readsBySteps(weight, 4) && rowsOf(y) !== 1;
}
