import { when } from '@casement/dsl';

/** Params of an attention layer, named as in Llama checkpoints. */
export function projections(bias: { readonly qkv: boolean; readonly o: boolean }) {
  return {
    'q_proj.weight': 'float[heads*headDim hidden]',
    'q_proj.bias': when(bias.qkv, 'float[heads*headDim]'),
    'k_proj.weight': 'float[kvHeads*headDim hidden]',
    'k_proj.bias': when(bias.qkv, 'float[kvHeads*headDim]'),
    'v_proj.weight': 'float[kvHeads*headDim hidden]',
    'v_proj.bias': when(bias.qkv, 'float[kvHeads*headDim]'),
    'o_proj.weight': 'float[hidden heads*headDim]',
    'o_proj.bias': when(bias.o, 'float[hidden]'),
  } as const;
}
