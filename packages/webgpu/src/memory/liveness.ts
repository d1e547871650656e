import type { LoweredEntry } from '../entryLowering.ts';
import type { Block } from '../operand.ts';
import type { Lifetime } from './arena.ts';

/** From which step to which each arena block is needed. */
export function arenaLifetimes(entry: LoweredEntry): Map<Block, Lifetime> {
  const end = entry.steps.length;
  const lifetimes = new Map<Block, Lifetime>();
  const extend = (block: Block, from: number, to: number) => {
    if (block.kind !== 'arena') return;
    const known = lifetimes.get(block) ?? { from, to };
    const { bytes } = block;
    lifetimes.set(block, { bytes, from: Math.min(known.from, from), to: Math.max(known.to, to) });
  };
  entry.steps.forEach(({ blocks }, at) => {
    for (const block of blocks) extend(block, at, at);
  });
  // The host reads outputs after the last step.
  for (const { block } of entry.outputs.values()) extend(block, end, end);
  return lifetimes;
}
