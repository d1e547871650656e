import {
  block,
  capacity,
  type DimDeclarations,
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
import { type FusionLayers, hasFusionLayers, usesPositions } from './fusion.ts';
import { norm } from './norm.ts';
import { positionsOf } from './positions.ts';

/** A model around a decoder. */
export interface DecoderModel extends ModelDefinition {
  /** What the decoder was made from; with another `fusion`, it makes another way for images into the same backbone. */
  readonly text: DecoderConfig;
}

/**
 * A text decoder that takes image tokens y of its own width. Its entries, with M-RoPE's positions i32[axes 1 …]:
 *
 *     step(input_ids i32[1 seq], position_ids i32[1 seq], logits_to_keep i32[kept]) → logits [1 kept vocab]
 *                                                                text: a prompt's chunk, or a token
 *     openWindow(image_embeds [1 image hidden], image_position_ids i32[1 image])
 *                                                                a new image; drops the old window
 *     insertImage(image_embeds [1 seq hidden], position_ids i32[1 seq])
 *                                                                the next image tokens of the stream
 *
 * `logits_to_keep` are the places in the chunk whose logits are wanted: all, the last one, or none (kept = 0).
 * `openWindow` is there with fusion layers (without positions for `ca`), `insertImage` with token insertion: an image
 * longer than a chunk is inserted in several runs, which changes nothing, since attention is causal there.
 */
export function decoder(c: DecoderConfig): DecoderModel {
  return { ...model(c.name, { dims: decoderDims(c), entries: decoderEntries(c) }), text: c };
}

/** Logits of more positions in one run would be hundreds of megabytes at full size. */
const MOST_LOGITS = 128;

export function decoderDims(c: DecoderConfig): DimDeclarations {
  return {
    batch: 1,
    vocab: c.vocab,
    hidden: c.hidden,
    ffn: c.ffn,
    heads: c.heads,
    kvHeads: c.kvHeads,
    headDim: c.headDim,
    seq: upTo(c.capacity.chunk),
    kept: upTo(Math.min(c.capacity.chunk, MOST_LOGITS), { min: 0 }),
    past: capacity(c.capacity.text),
    ...(c.rope.sections ? { axes: c.rope.sections.length } : {}),
    ...(hasFusionLayers(c.fusion) ? { image: upTo(c.capacity.image), window: capacity(c.capacity.window) } : {}),
  };
}

export function decoderEntries(c: DecoderConfig): Readonly<Record<string, Entry>> {
  const text = { step: step(c) };
  if (c.fusion === undefined) return text;
  return hasFusionLayers(c.fusion)
    ? { ...text, openWindow: openWindow(c, c.fusion) }
    : { ...text, insertImage: insertImage(c) };
}

function layersOf(c: DecoderConfig) {
  return Array.from({ length: c.layers }, (_, index) => decoderLayer(c, index));
}

function step(c: DecoderConfig): Entry {
  const layers = layersOf(c);
  const finalNorm = norm('norm', c.norm);
  const positions = positionsOf(c.rope, 'seq');

  const text = block(
    'model',
    {
      inputs: { ids: 'i32[batch seq]', positions, keep: 'i32[kept]' },
      params: { 'embed_tokens.weight': 'float[vocab hidden]' },
    },
    ({ ids, positions, keep }, p) => {
      const embedded = gather(p['embed_tokens.weight'], 'vocab', ids);
      const x = layers.reduce((x, layer) => layer.forward({ x, positions }), embedded);
      return finalNorm(gather(x, 'seq', keep));
    },
  );

  return entry(
    {
      inputs: { input_ids: 'i32[batch seq]', position_ids: positions, logits_to_keep: 'i32[kept]' },
      params: {
        'model.embed_tokens.weight': 'float[vocab hidden]',
        'lm_head.weight': when(!c.tied, 'float[vocab hidden]'),
      },
    },
    ({ input_ids, position_ids, logits_to_keep }, p) => {
      const hidden = text({ ids: input_ids, positions: position_ids, keep: logits_to_keep });
      return { logits: linear(hidden, p['lm_head.weight'] ?? p['model.embed_tokens.weight']) };
    },
  );
}

function openWindow(c: DecoderConfig, fusion: FusionLayers): Entry {
  const layers = layersOf(c);
  const positions = when(usesPositions(fusion), positionsOf(c.rope, 'image'));

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

function insertImage(c: DecoderConfig): Entry {
  const layers = layersOf(c);
  const positions = positionsOf(c.rope, 'seq');

  const image = block('model', { inputs: { y: 'float[batch seq hidden]', positions } }, (given) =>
    layers.reduce((x, layer) => layer.forward({ x, positions: given.positions }), given.y),
  );

  return entry(
    { inputs: { image_embeds: 'float[batch seq hidden]', position_ids: positions } },
    ({ image_embeds, position_ids }) => {
      image({ y: image_embeds, positions: position_ids });
      return {};
    },
  );
}
