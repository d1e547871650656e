import { expect, it } from 'vitest';
import { nearestNames } from './nearest.ts';

const checkpoint = [0, 1, 2].flatMap((layer) =>
  ['self_attn.q_proj', 'self_attn.k_proj', 'mlp.gate_proj'].map((part) => `model.layers.${layer}.${part}.weight`),
);

it('finds a name with swapped letters, from the same layer', () => {
  expect(nearestNames('model.layers.2.self_attn.q_porj.weight', checkpoint)).toEqual([
    'model.layers.2.self_attn.q_proj.weight',
    'model.layers.2.self_attn.k_proj.weight',
    'model.layers.2.mlp.gate_proj.weight',
  ]);
});

it('takes the nearest layer where its own is missing', () => {
  expect(nearestNames('model.layers.7.self_attn.k_proj.weight', checkpoint, 1)).toEqual([
    'model.layers.2.self_attn.k_proj.weight',
  ]);
});

it('has nothing to say about names that do not resemble', () => {
  expect(nearestNames('visual.patch_embed', ['lm_head.bias', 'zz'])).toEqual([]);
  expect(nearestNames('x', [])).toEqual([]);
});
