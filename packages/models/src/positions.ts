import type { RopeConfig } from './decoderConfig.ts';

/** Positions of tokens: one number each, or with M-RoPE one per axis. */
export function positionsOf<const N extends 'seq' | 'image'>(rope: RopeConfig, tokens: N) {
  return rope.sections ? (`i32[axes batch ${tokens}]` as const) : (`i32[batch ${tokens}]` as const);
}
