import { add, block, linear, rmsNorm, swiglu } from '@casement/dsl';
import type { NormConfig } from '../decoderConfig.ts';
import { visionAttention } from './visionAttention.ts';
import type { VisionConfig } from './visionConfig.ts';

/** One block of the encoder: h = x + MHA(n x), out = h + MLP(n' h). */
export function visionLayer(c: VisionConfig, index: number) {
  const n = visionNorm('norm1', c.norm);
  const nPrime = visionNorm('norm2', c.norm);
  const mha = visionAttention(c, !c.fullAttention.includes(index));
  const mlp = visionMlp();
  return block(
    `blocks.${index}`,
    {
      inputs: {
        x: 'float[batch patches visionHidden]',
        positions: 'i32[2 batch patches]',
        windows: 'i32[batch patches]',
      },
    },
    ({ x, positions, windows }) => {
      const h = add(x, mha({ x: n(x), positions, windows }));
      return add(h, mlp(nPrime(h)));
    },
  );
}

/** An RMS norm with a weight of its own, under `name`. */
export function visionNorm(name: string, config: NormConfig) {
  return block(name, { inputs: 'float[... visionHidden]', params: { weight: 'float[visionHidden]' } }, (x, p) =>
    rmsNorm(x, p.weight, config),
  );
}

function visionMlp() {
  return block(
    'mlp',
    {
      inputs: 'float[... visionHidden]',
      params: {
        'gate_proj.weight': 'float[visionFfn visionHidden]',
        'gate_proj.bias': 'float[visionFfn]',
        'up_proj.weight': 'float[visionFfn visionHidden]',
        'up_proj.bias': 'float[visionFfn]',
        'down_proj.weight': 'float[visionHidden visionFfn]',
        'down_proj.bias': 'float[visionHidden]',
      },
    },
    (x, p) => {
      const gate = linear(x, p['gate_proj.weight'], p['gate_proj.bias']);
      const up = linear(x, p['up_proj.weight'], p['up_proj.bias']);
      return linear(swiglu(gate, up), p['down_proj.weight'], p['down_proj.bias']);
    },
  );
}
