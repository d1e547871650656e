import type { LoweredEntry } from '../entryLowering.ts';
import type { Block } from '../operand.ts';
import type { Lifetime } from './arena.ts';

/** From which step to which each arena block is needed. With `keepAll`, all are needed throughout. */
export function arenaLifetimes(entry: LoweredEntry, keepAll: boolean): Map<Block, Lifetime> {
  const end = entry.steps.length;
  const lifetimes = new Map<Block, Lifetime>();
  const extend = (block: Block, from: number, to: number) => {
    if (block.kind !== 'arena') return;
    const known = lifetimes.get(block) ?? { from, to };
    const { bytes } = block;
    lifetimes.set(block, { bytes, from: Math.min(known.from, from), to: Math.max(known.to, to) });
  };
  entry.steps.forEach(({ blocks }, at) => {
    for (const block of blocks) extend(block, keepAll ? 0 : at, keepAll ? end : at);
  });
  if (keepAll) for (const { block } of entry.values.values()) extend(block, 0, end);
  // The host reads outputs after the last step.
  for (const { block } of entry.outputs.values()) extend(block, end, end);
  return lifetimes;
}
