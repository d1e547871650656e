import {
  block,
  broadcastTo,
  capacity,
  type DimDeclarations,
  gather,
  iota,
  norm,
  type TensorOf,
  upTo,
  when,
} from 'casement';
import { index, listOf } from './config.ts';
import { type CrossOptions, crossLayer, imageInputs } from './crossLayer.ts';
import { type Llama, LONGEST_IMAGE, llamaDims, llamaFields, llamaLayer, llamaOptions, llamaProblems } from './llama.ts';

/** Fields of a config.json: Llama's, and which layers read an image and nothing else (Llama 3.2 Vision). */
export const crossDecoderFields = { ...llamaFields, cross_attention_layers: listOf(index) };

export interface CrossDecoder extends Llama {
  readonly cross_attention_layers: readonly number[];
}

/** What of it does not fit together; `at` stands before the names of fields. */
export function crossDecoderProblems(c: CrossDecoder, at = ''): readonly (string | false)[] {
  const outside = c.cross_attention_layers.find((index) => index >= c.num_hidden_layers);
  return [
    ...llamaProblems(c, at),
    outside !== undefined && `${at}cross_attention_layers: there is no layer ${outside} among ${c.num_hidden_layers}`,
  ];
}

/** The image token has an embedding and no logit; the table always has 8 such rows. */
const EXTRA_EMBEDDINGS = 8;

export function crossDecoderDims(c: CrossDecoder): DimDeclarations {
  return {
    ...llamaDims(c),
    embeddings: c.vocab_size + EXTRA_EMBEDDINGS,
    keys: upTo(LONGEST_IMAGE),
    window: capacity(LONGEST_IMAGE),
  };
}

/**
 * The decoder under `name`, up to its final norm: `forward` over whole texts and their image, `text` without any (the
 * layers that read it are left out), `open`, which takes an image into the caches in place of the one before, and
 * `step` for the text that follows.
 */
export function crossDecoder(c: CrossDecoder, name: string, options: CrossOptions) {
  const layers = Array.from({ length: c.num_hidden_layers }, (_, index) =>
    c.cross_attention_layers.includes(index)
      ? ({ reads: 'image', ...crossLayer(c, index, options) } as const)
      : ({ reads: 'text', ...llamaLayer(c, index) } as const),
  );
  const finalNorm = norm('norm', llamaOptions(c).norm);
  const masked = options.tokensPerTile !== undefined;
  const params = { 'embed_tokens.weight': 'float[embeddings hidden]' } as const;

  const forward = block(
    name,
    {
      inputs: { ids: 'i32[samples seq]', ...imageInputs(options) },
      params,
    },
    ({ ids, ...image }, p) => {
      const positions = broadcastTo(iota(ids, 'seq'), ['samples', 'seq']);
      let x = gather(p['embed_tokens.weight'], 'embeddings', ids);
      const cached: Cached[] = [];
      for (const layer of layers) {
        if (layer.reads === 'text') x = layer.forward({ x, positions });
        else {
          const { x: read, ...keyValue } = layer.forward({ x, ...image });
          cached.push(keyValue);
          x = read;
        }
      }
      return { last: finalNorm(x), cached };
    },
  );

  const text = block(name, { inputs: { ids: 'i32[samples seq]' }, params }, ({ ids }, p) => {
    const positions = broadcastTo(iota(ids, 'seq'), ['samples', 'seq']);
    const embedded = gather(p['embed_tokens.weight'], 'embeddings', ids);
    const pass = (x: typeof embedded, layer: (typeof layers)[number]) =>
      layer.reads === 'text' ? layer.forward({ x, positions }) : x;
    return finalNorm(layers.reduce(pass, embedded));
  });

  const open = block(name, { inputs: { y: 'float[batch keys hidden]' } }, ({ y }) => {
    for (const layer of layers) if (layer.reads === 'image') layer.open({ y });
  });

  const step = block(
    name,
    {
      inputs: {
        ids: 'i32[batch seq]',
        positions: 'i32[batch seq]',
        tiles: when(masked, 'bool[batch seq images*tiles]'),
      },
      params,
    },
    ({ ids, positions, tiles }, p) => {
      const embedded = gather(p['embed_tokens.weight'], 'embeddings', ids);
      const pass = (x: typeof embedded, layer: (typeof layers)[number]) =>
        layer.reads === 'text' ? layer.step({ x, positions }) : layer.step({ x, tiles });
      return finalNorm(layers.reduce(pass, embedded));
    },
  );
  return { forward, text, open, step };
}

/** Keys and values of an image in a layer. */
type Cached = Readonly<Record<'k' | 'v', TensorOf<'float[samples keys kvHeads headDim]'>>>;
