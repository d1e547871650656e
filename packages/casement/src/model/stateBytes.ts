import type { Manifest } from '@casement/runtime';
import { kvBytes } from './kvBytes.ts';

/** Bytes of the caches of one conversation when they are full. */
export function stateBytes(signature: Pick<Manifest, 'states'>): number {
  const lengths = new Map(signature.states.map(({ dim, capacity }) => [dim, capacity]));
  return [...kvBytes({ signature, lengths }).values()].reduce((sum, bytes) => sum + bytes, 0);
}
