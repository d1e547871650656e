import { attention, block, cast, linear, mergeHeads, rope, slice, splitHeads, type Tensor } from '@casement/dsl';
import type { VisionConfig } from './visionConfig.ts';

/** MHA over the patches of an image: all of them, or those of the patch's own window. */
export function visionAttention(c: VisionConfig, windowed: boolean) {
  const quarter = c.hidden / c.heads / 4;
  const rotary = { theta: c.theta, layout: 'half', sections: [quarter, quarter], axial: true } as const;

  return block(
    'attn',
    {
      inputs: {
        x: 'float[batch patches visionHidden]',
        positions: 'i32[2 batch patches]',
        windows: 'i32[batch patches]',
      },
      params: {
        'qkv.weight': 'float[3*visionHidden visionHidden]',
        'qkv.bias': 'float[3*visionHidden]',
        'proj.weight': 'float[visionHidden visionHidden]',
        'proj.bias': 'float[visionHidden]',
      },
    },
    ({ x, positions, windows }, p) => {
      const qkv = splitHeads(linear(x, p['qkv.weight'], p['qkv.bias']), '3*visionHeads', 'visionHeadDim');
      const part = (start: 0 | 'visionHeads' | '2*visionHeads') =>
        slice(qkv, '3*visionHeads', { start, size: 'visionHeads' });
      // Rotated in f32 in half-precision builds too, as the encoder was trained.
      const rotate = (heads: Tensor<'float', readonly ['batch', 'patches', 'visionHeads', 'visionHeadDim']>) =>
        cast(rope(cast(heads, 'f32'), positions, rotary), 'float');
      const [q, k, v] = [rotate(part(0)), rotate(part('visionHeads')), part('2*visionHeads')];
      const segments = windowed ? { segments: { q: windows, k: windows } } : {};
      const mixed = attention(q, k, v, { causal: false, ...segments });
      return linear(mergeHeads(mixed, 'visionHidden'), p['proj.weight'], p['proj.bias']);
    },
  );
}
