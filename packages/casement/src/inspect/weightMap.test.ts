import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renameTable } from '@casement/weights';
import { expect, test } from 'vitest';
import { importModel } from '../import/importModel.ts';
import { formatWeightMap } from './formatWeightMap.ts';
import { mapWeights } from './weightMap.ts';

const fixture = (name: string) => join(fileURLToPath(new URL('../../../../test/fixtures', import.meta.url)), name);
const text = (map: Awaited<ReturnType<typeof mapWeights>>) => formatWeightMap(map).replaceAll(fixture(''), '');

test('everything matches, layers folded', async () => {
  const map = await mapWeights({ model: fixture('casa'), dtype: 'f16' });
  expect(map.complete).toBe(true);
  expect(map.bytes).toBe(2 * (2 * 256 * 64 + 4 * (2 * (2 * 64 * 64 + 2 * 32 * 64) + 3 * 176 * 64 + 2 * 64) + 64));
  expect(text(map)).toMatchInlineSnapshot(`
    "Matched (55):
      model.embed_tokens.weight  f32 [256, 64]
      lm_head.weight  f32 [256, 64]
      model.layers.{0..3}.input_layernorm.weight  f32 [64]  (4 tensors)
      model.layers.{0..3}.self_attn.q_proj.weight  f32 [64, 64]  (4 tensors)
      model.layers.{0..3}.self_attn.k_proj.weight  f32 [32, 64]  (4 tensors)
      model.layers.{0..3}.self_attn.v_proj.weight  f32 [32, 64]  (4 tensors)
      model.layers.{0..3}.self_attn.o_proj.weight  f32 [64, 64]  (4 tensors)
      model.layers.{0..3}.casa_attn.q_proj.weight  f32 [64, 64]  (4 tensors)
      model.layers.{0..3}.casa_attn.k_proj.weight  f32 [32, 64]  (4 tensors)
      model.layers.{0..3}.casa_attn.v_proj.weight  f32 [32, 64]  (4 tensors)
      model.layers.{0..3}.casa_attn.o_proj.weight  f32 [64, 64]  (4 tensors)
      model.layers.{0..3}.post_attention_layernorm.weight  f32 [64]  (4 tensors)
      model.layers.{0..3}.mlp.gate_proj.weight  f32 [176, 64]  (4 tensors)
      model.layers.{0..3}.mlp.up_proj.weight  f32 [176, 64]  (4 tensors)
      model.layers.{0..3}.mlp.down_proj.weight  f32 [64, 176]  (4 tensors)
      model.norm.weight  f32 [64]

    /casa/model.safetensors: 55 of 55 parameters matched.

    A build would write 521 KiB of weights. Nothing was written."
  `);
});

test('a table that renames shows where params come from, and what it broke', async () => {
  const rename = renameTable([
    { from: 'model\\.layers\\.(\\d+)\\.mlp\\.up_proj', to: 'model.layers.$1.mlp.upward' },
    { from: 'mlp\\.(gate_proj|down_proj)', to: 'ff.$1' },
    { from: '\\bff\\b', to: 'mlp' },
  ]);
  const map = await mapWeights({ model: fixture('casa'), rename });
  expect(map.complete).toBe(false);
  expect(text(map)).toMatchInlineSnapshot(`
    "Matched (51):
      model.embed_tokens.weight  f32 [256, 64]
      lm_head.weight  f32 [256, 64]
      model.layers.{0..3}.input_layernorm.weight  f32 [64]  (4 tensors)
      model.layers.{0..3}.self_attn.q_proj.weight  f32 [64, 64]  (4 tensors)
      model.layers.{0..3}.self_attn.k_proj.weight  f32 [32, 64]  (4 tensors)
      model.layers.{0..3}.self_attn.v_proj.weight  f32 [32, 64]  (4 tensors)
      model.layers.{0..3}.self_attn.o_proj.weight  f32 [64, 64]  (4 tensors)
      model.layers.{0..3}.casa_attn.q_proj.weight  f32 [64, 64]  (4 tensors)
      model.layers.{0..3}.casa_attn.k_proj.weight  f32 [32, 64]  (4 tensors)
      model.layers.{0..3}.casa_attn.v_proj.weight  f32 [32, 64]  (4 tensors)
      model.layers.{0..3}.casa_attn.o_proj.weight  f32 [64, 64]  (4 tensors)
      model.layers.{0..3}.post_attention_layernorm.weight  f32 [64]  (4 tensors)
      model.layers.{0..3}.mlp.gate_proj.weight  f32 [176, 64]  (4 tensors)
      model.layers.{0..3}.mlp.down_proj.weight  f32 [64, 176]  (4 tensors)
      model.norm.weight  f32 [64]

    /casa/model.safetensors: 51 of 55 parameters matched.

    Missing (4):
      model.layers.{0..3}.mlp.up_proj.weight  f32 [176, 64]  (4 tensors)
          did you mean model.layers.{0..3}.mlp.up_proj.weight, model.layers.{0..3}.mlp.down_proj.weight (taken), model.layers.{0..3}.mlp.gate_proj.weight (taken)?

    Left over (4):
      model.layers.{0..3}.mlp.up_proj.weight  F32 [176, 64]  (4 tensors)
          renamed to model.layers.{0..3}.mlp.upward.weight

    A draft of rename rules, to append to those in use, that would match 4 of the 4 missing (check it, names can mislead):
    [
      {"from":"\\\\.upward\\\\.","to":".up_proj."}
    ]

    A build would refuse this. Nothing was written."
  `);
});

test('a tensor under another name', async () => {
  const rename = renameTable([
    { from: 'gate_proj', to: 'tmp' },
    { from: 'up_proj', to: 'gate_proj' },
    { from: 'tmp', to: 'up_proj' },
  ]);
  const map = await mapWeights({ model: fixture('casa'), rename });
  expect(map.complete).toBe(true);
  expect(text(map)).toContain(
    '  model.layers.{0..3}.mlp.gate_proj.weight  f32 [176, 64]  (4 tensors)\n' +
      '      from model.layers.{0..3}.mlp.up_proj.weight\n',
  );
});

test('tensors that nobody wants are refused, unless allowed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'casement-weights-'));
  try {
    const model = join(dir, 'text-only.ts');
    await importModel({ checkpoint: fixture('text-only'), out: model });
    const options = { model, checkpoint: fixture('casa') };
    const { report, complete } = await mapWeights(options);
    expect([report.matched.length, report.leftOver.length, complete]).toEqual([39, 16, false]);
    expect((await mapWeights({ ...options, allowExtra: true })).complete).toBe(true);
    await expect(mapWeights({ model })).rejects.toThrow('name their folder with --checkpoint');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
