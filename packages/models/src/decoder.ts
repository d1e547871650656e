import {
  block,
  capacity,
  type Entry,
  entry,
  gather,
  linear,
  type ModelDefinition,
  model,
  upTo,
  when,
} from '@casement/dsl';
import type { DecoderConfig } from './decoderConfig.ts';
import { decoderLayer } from './decoderLayer.ts';
import { usesPositions } from './fusion.ts';
import { norm } from './norm.ts';

/**
 * A text decoder with CASA fusion. Its entries:
 *
 *     step(input_ids i32[1 seq], position_ids i32[1 seq]) → logits [1 seq vocab]      text: a prompt's chunk, or a token
 *     openWindow(image_embeds [1 image hidden], image_position_ids i32[1 image])     a new image; drops the old window
 *
 * A text-only model has no `openWindow`; with `attention: 'ca'` it takes no positions.
 */
export function decoder(c: DecoderConfig): ModelDefinition {
  const fused = c.fusion !== undefined;
  const entries: Record<string, Entry> = { step: step(c), ...(fused ? { openWindow: openWindow(c) } : {}) };
  return model(c.name, { dims: dimsOf(c), entries });
}

function dimsOf(c: DecoderConfig) {
  const text = {
    batch: 1,
    vocab: c.vocab,
    hidden: c.hidden,
    ffn: c.ffn,
    heads: c.heads,
    kvHeads: c.kvHeads,
    headDim: c.headDim,
    seq: upTo(c.capacity.chunk),
    past: capacity(c.capacity.text),
  };
  if (c.fusion === undefined) return text;
  return { ...text, image: upTo(c.capacity.image), window: capacity(c.capacity.window) };
}

function layersOf(c: DecoderConfig) {
  return Array.from({ length: c.layers }, (_, index) => decoderLayer(c, index));
}

function step(c: DecoderConfig): Entry {
  const layers = layersOf(c);
  const finalNorm = norm('norm', c.norm);

  const text = block(
    'model',
    {
      inputs: { ids: 'i32[batch seq]', positions: 'i32[batch seq]' },
      params: { 'embed_tokens.weight': 'float[vocab hidden]' },
    },
    ({ ids, positions }, p) => {
      const embedded = gather(p['embed_tokens.weight'], 'vocab', ids);
      return finalNorm(layers.reduce((x, layer) => layer.forward({ x, positions }), embedded));
    },
  );

  return entry(
    {
      inputs: { input_ids: 'i32[batch seq]', position_ids: 'i32[batch seq]' },
      params: {
        'model.embed_tokens.weight': 'float[vocab hidden]',
        'lm_head.weight': when(!c.tied, 'float[vocab hidden]'),
      },
    },
    ({ input_ids, position_ids }, p) => {
      const hidden = text({ ids: input_ids, positions: position_ids });
      return { logits: linear(hidden, p['lm_head.weight'] ?? p['model.embed_tokens.weight']) };
    },
  );
}

function openWindow(c: DecoderConfig): Entry {
  const layers = layersOf(c);
  const positions = when(usesPositions(c.fusion), 'i32[batch image]');

  const image = block('model', { inputs: { y: 'float[batch image hidden]', positions } }, (given) =>
    layers.reduce((y, layer) => layer.openWindow?.({ y, positions: given.positions }) ?? y, given.y),
  );

  return entry(
    { inputs: { image_embeds: 'float[batch image hidden]', image_position_ids: positions } },
    ({ image_embeds, image_position_ids }) => {
      image({ y: image_embeds, positions: image_position_ids });
      return {};
    },
  );
}
