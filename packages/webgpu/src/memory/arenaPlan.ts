import type { BufferSpec } from '@casement/runtime';
import type { LoweredEntry } from '../entryLowering.ts';
import type { Block, Place } from '../operand.ts';
import type { ProfileLimits } from '../profile.ts';
import { align, packArena } from './arena.ts';
import { arenaLifetimes } from './liveness.ts';

/** Sizes of one entry's part of the arena, in bytes. */
export interface ArenaUse {
  readonly bytes: number;
  /** The most that is alive at one step. */
  readonly lowerBound: number;
  /** What all values would take without sharing. */
  readonly unshared: number;
}

/** The arena that all entries use in turn, cut into buffers no larger than the device allows. */
export class ArenaPlan {
  private readonly pages: number[] = [];

  constructor(private readonly limits: ProfileLimits) {}

  /** Places the blocks of an entry. */
  place(entry: LoweredEntry): { readonly places: ReadonlyMap<Block, Place>; readonly use: ArenaUse } {
    const lifetimes = arenaLifetimes(entry);
    const pageBytes = this.limits.maxBufferSize;
    const { offsets, bytes, lowerBound } = packArena([...lifetimes.values()], pageBytes);
    const places = [...lifetimes.keys()].map((block, i): [Block, Place] => {
      const offset = offsets[i] ?? 0;
      const page = Math.floor(offset / pageBytes);
      const within = offset - page * pageBytes;
      this.pages[page] = Math.max(this.pages[page] ?? 0, within + align(block.bytes));
      return [block, { buffer: `arena${page}`, offset: within }];
    });
    const unshared = [...lifetimes.keys()].reduce((sum, block) => sum + align(block.bytes), 0);
    return { places: new Map(places), use: { bytes, lowerBound, unshared } };
  }

  get buffers(): ReadonlyMap<string, BufferSpec> {
    return new Map(this.pages.map((bytes, page) => [`arena${page}`, { kind: 'arena', bytes }]));
  }
}
