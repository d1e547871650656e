import { type Program, printType } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import { decoder } from './decoder.ts';
import type { DecoderConfig } from './decoderConfig.ts';
import type { Fusion } from './fusion.ts';
import type { VisionConfig } from './vision/visionConfig.ts';
import { visionLanguageModel } from './visionLanguageModel.ts';

const text: DecoderConfig = {
  name: 'small',
  vocab: 32,
  hidden: 16,
  ffn: 24,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 8,
  norm: { eps: 1e-6, scaleInF32: false },
  rope: { theta: 1e4, layout: 'half' },
  bias: { qkv: false, o: false, mlp: false },
  tied: true,
  capacity: { text: 64, window: 32, image: 16, chunk: 8 },
};

const vision: VisionConfig = {
  hidden: 16,
  ffn: 24,
  layers: 2,
  heads: 2,
  patch: { channels: 3, frames: 2, side: 2 },
  merge: 2,
  window: 4,
  fullAttention: [1],
  norm: { eps: 1e-6, scaleInF32: false },
  theta: 1e4,
};

const mrope = { ...text.rope, sections: [1, 1, 2] };

function build(fusion?: Fusion, rope = text.rope): Program {
  return decoder({ ...text, rope, ...(fusion ? { fusion } : {}) }).build({ dtype: 'f32' });
}

function entriesOf({ entries }: Program): Record<string, string> {
  const describeEntry = [...entries.values()].map((graph) => {
    const inputs = graph.inputs.map((input) => `${input.name}: ${printType(input.type)}`);
    return [graph.name, `${inputs.join(', ')} → ${graph.outputs.map(({ name }) => name)}`];
  });
  return Object.fromEntries(describeEntry);
}

describe('entries', () => {
  it('follow the fusion', () => {
    expect(entriesOf(build())).toEqual({
      step: 'input_ids: i32[1 seq], position_ids: i32[1 seq], logits_to_keep: i32[kept] → logits',
    });
    expect(entriesOf(build({ attention: 'casa' }))).toMatchObject({
      openWindow: 'image_embeds: f32[1 image 16], image_position_ids: i32[1 image] → ',
    });
    expect(entriesOf(build({ attention: 'ca' }))).toMatchObject({ openWindow: 'image_embeds: f32[1 image 16] → ' });
    expect(entriesOf(build({ attention: 'insertion' }))).toEqual({
      step: 'input_ids: i32[1 seq], position_ids: i32[1 seq], logits_to_keep: i32[kept] → logits',
      insertImage: 'image_embeds: f32[1 seq 16], position_ids: i32[1 seq] → ',
    });
  });

  it('take positions on three axes with M-RoPE', () => {
    expect(entriesOf(build({ attention: 'casa' }, mrope))).toEqual({
      step: 'input_ids: i32[1 seq], position_ids: i32[3 1 seq], logits_to_keep: i32[kept] → logits',
      openWindow: 'image_embeds: f32[1 image 16], image_position_ids: i32[3 1 image] → ',
    });
    expect(entriesOf(build({ attention: 'insertion' }, mrope))).toMatchObject({
      insertImage: 'image_embeds: f32[1 seq 16], position_ids: i32[3 1 seq] → ',
    });
  });

  it('have an encoder beside any decoder', () => {
    const program = visionLanguageModel({ text: { ...text, fusion: { attention: 'ca' } }, vision }).build({
      dtype: 'f32',
    });
    expect(entriesOf(program)).toMatchObject({
      encodeImage: 'pixel_values: f32[patches 24], patch_position_ids: i32[2 1 patches] → image_embeds',
      openWindow: 'image_embeds: f32[1 image 16] → ',
    });
    expect(program.dims.get('patches')).toEqual({ min: 4, max: 64, multipleOf: 4 });
    expect(program.params.get('visual.patch_embed.proj.weight')?.type.shape).toEqual([16, 3, 2, 2, 2]);
  });
});

it('inserted image tokens share the text caches and nothing else', () => {
  const { entries, states } = build({ attention: 'insertion' });
  const used = entries.get('insertImage')?.states.map(({ state }) => state);
  expect(used).toEqual([...states.keys()]);
  expect([...states.values()].map(({ type }) => String(type.shape[1]))).toEqual(['past', 'past', 'past', 'past']);
});

it('attends inside windows in all blocks but those named', () => {
  const { entries } = visionLanguageModel({ text, vision: { ...vision, layers: 3 } }).build({ dtype: 'f32' });
  const attention = entries.get('encodeImage')?.nodes.filter(({ op }) => op.name === 'attention') ?? [];
  expect(attention.map(({ inputs }) => inputs.length)).toEqual([5, 3, 5]);
});

it('rotates patches in f32 in half precision, and text in half precision', () => {
  const { entries } = visionLanguageModel({ text, vision }).build({ dtype: 'f16' });
  const dtypes = (entry: string) => {
    const rotated = entries.get(entry)?.nodes.filter(({ op }) => op.name === 'rope') ?? [];
    return new Set(rotated.map(({ outputs }) => outputs[0]?.type.dtype));
  };
  expect(dtypes('encodeImage')).toEqual(new Set(['f32']));
  expect(dtypes('step')).toEqual(new Set(['f16']));
});
