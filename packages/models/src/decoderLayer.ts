import { add, block, when } from '@casement/dsl';
import type { DecoderConfig } from './decoderConfig.ts';
import { isFused, usesPositions } from './fusion.ts';
import { fusionLayer } from './fusionLayer.ts';
import { mlp } from './mlp.ts';
import { norm } from './norm.ts';
import { positionsOf } from './positions.ts';
import { selfAttention } from './selfAttention.ts';

/**
 * One block of the decoder: `forward` for text (and image tokens inserted into it), and `openWindow`, what a new image
 * does to it (blocks without a fusion layer have none). n, n' and m are the norms of a fusion's `order`.
 */
export function decoderLayer(c: DecoderConfig, index: number) {
  const name = `layers.${index}`;
  const text = { x: 'float[batch seq hidden]', positions: positionsOf(c.rope, 'seq') } as const;
  const n = norm('input_layernorm', c.norm);
  const nPrime = norm('post_attention_layernorm', c.norm);
  const m = norm('casa_norm', c.norm);
  const sa = selfAttention(c);
  const ff = mlp(c.bias);

  if (!isFused(c.fusion, index)) {
    const forward = block(name, { inputs: text }, ({ x, positions }) => {
      const h = add(x, sa({ x: n(x), positions }));
      return add(h, ff(nPrime(h)));
    });
    return { forward, openWindow: undefined };
  }

  const { order = 'parallel', updateImages } = c.fusion;
  const f = fusionLayer(c, c.fusion);
  const image = {
    y: 'float[batch image hidden]',
    positions: when(usesPositions(c.fusion), positionsOf(c.rope, 'image')),
  } as const;

  const forward = block(name, { inputs: text }, ({ x, positions }) => {
    const fuse = {
      parallel: () => {
        const normed = n(x);
        return add(add(x, sa({ x: normed, positions })), f.attend({ x: normed, positions }));
      },
      before: () => {
        const fused = add(x, f.attend({ x: m(x), positions }));
        return add(fused, sa({ x: n(fused), positions }));
      },
      replace: () => add(x, f.attend({ x: n(x), positions })),
    };
    const h = fuse[order]();
    return add(h, ff(nPrime(h)));
  });

  const openWindow = block(name, { inputs: image }, ({ y, positions }) => {
    f.open({ y, positions });
    return updateImages ? add(y, ff(nPrime(y))) : y;
  });
  return { forward, openWindow };
}
