import type { DType } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import { formatReport, requireComplete } from './formatReport.ts';
import { type ExpectedParam, matchParams } from './matchParams.ts';
import { memorySource } from './memorySource.ts';
import { renameTable } from './renameTable.ts';

const HIDDEN = 4;
const shapes: Record<string, number[]> = {
  'self_attn.q_proj.weight': [HIDDEN, HIDDEN],
  'self_attn.k_proj.weight': [2, HIDDEN],
  'mlp.down_proj.weight': [HIDDEN, 8],
  'input_layernorm.weight': [HIDDEN],
};

/** A decoder of `layers` layers with the names of a public Llama. */
function modelShapes(layers: number): Map<string, number[]> {
  const params = new Map([['model.embed_tokens.weight', [16, HIDDEN]]]);
  for (let layer = 0; layer < layers; layer++) {
    for (const [name, shape] of Object.entries(shapes)) params.set(`model.layers.${layer}.${name}`, shape);
  }
  return params;
}

const expected = (layers: number) =>
  new Map<string, ExpectedParam>(
    [...modelShapes(layers)].map(([name, shape]) => [
      name,
      { shape, dtype: 'f32', where: `model.ts:${shape.length}:7` },
    ]),
  );

/** A checkpoint of the model, each tensor under another name or shape, or dropped. */
function checkpoint(
  layers: number,
  change: (name: string, shape: number[]) => [string, number[]] | undefined,
  dtype: DType = 'bf16',
) {
  const tensors = [...modelShapes(layers)].flatMap(([name, shape]) => {
    const changed = change(name, shape);
    return changed === undefined ? [] : [changed];
  });
  const bytes = (shape: number[]) => shape.reduce((product, size) => product * size, dtype === 'i64' ? 8 : 2);
  return memorySource(
    new Map(tensors.map(([name, shape]) => [name, { dtype, shape, data: new Uint8Array(bytes(shape)) }])),
    'checkpoints/tiny',
  );
}

describe('formatReport', () => {
  it('says so when everything matched', () => {
    const report = matchParams(
      expected(2),
      checkpoint(2, (name, shape) => [name, shape]),
    );
    expect(formatReport(report)).toMatchInlineSnapshot(`"checkpoints/tiny: 9 of 9 parameters matched."`);
    expect(() => requireComplete(report, { allowLeftOver: false })).not.toThrow();
  });

  it('names the nearest for one missing weight', () => {
    const source = checkpoint(3, (name, shape) => [
      name === 'model.layers.1.self_attn.q_proj.weight' ? 'model.layers.1.self_attn.q_porj.weight' : name,
      shape,
    ]);
    expect(formatReport(matchParams(expected(3), source))).toMatchInlineSnapshot(`
      "checkpoints/tiny: 12 of 13 parameters matched.

      Missing (1):
        model.layers.1.self_attn.q_proj.weight  f32 [4, 4]
            did you mean model.layers.1.self_attn.q_porj.weight, model.layers.0.self_attn.q_proj.weight (taken), model.layers.1.self_attn.k_proj.weight (taken)?
            wanted at model.ts:2:7

      Left over (1):
        model.layers.1.self_attn.q_porj.weight  BF16 [4, 4]

      A draft of rename rules, to append to those in use, that would match 1 of the 1 missing (check it, names can mislead):
      [
        {"from":"\\\\.q_porj\\\\.","to":".q_proj."}
      ]"
    `);
  });

  it('names the nearest, though taken, when a weight is absent and nothing is left over', () => {
    const source = checkpoint(3, (name, shape) =>
      name === 'model.layers.1.self_attn.q_proj.weight' ? undefined : [name, shape],
    );
    expect(formatReport(matchParams(expected(3), source))).toMatchInlineSnapshot(`
      "checkpoints/tiny: 12 of 13 parameters matched.

      Missing (1):
        model.layers.1.self_attn.q_proj.weight  f32 [4, 4]
            did you mean model.layers.0.self_attn.q_proj.weight (taken), model.layers.1.self_attn.k_proj.weight (taken), model.layers.1.mlp.down_proj.weight (taken)?
            wanted at model.ts:2:7"
    `);
  });

  it('takes one line per pattern for other layers, shapes and types', () => {
    const source = checkpoint(28, (name, shape) => {
      if (/layers\.(3|4|9)\./.test(name)) return undefined;
      if (name.includes('down_proj')) return [name, shape.toReversed()];
      return [name, name.includes('embed') ? [17, HIDDEN] : shape];
    });
    expect(formatReport(matchParams(expected(26), source))).toMatchInlineSnapshot(`
      "checkpoints/tiny: 69 of 105 parameters matched.

      Missing (12):
        model.layers.{3..4,9}.self_attn.q_proj.weight  f32 [4, 4]  (3 tensors)
            did you mean model.layers.26.self_attn.q_proj.weight, model.layers.26.self_attn.k_proj.weight, model.layers.26.mlp.down_proj.weight?
            wanted at model.ts:2:7
        model.layers.{3..4,9}.self_attn.k_proj.weight  f32 [2, 4]  (3 tensors)
            did you mean model.layers.26.self_attn.k_proj.weight, model.layers.26.self_attn.q_proj.weight, model.layers.26.mlp.down_proj.weight?
            wanted at model.ts:2:7
        model.layers.{3..4,9}.mlp.down_proj.weight  f32 [4, 8]  (3 tensors)
            did you mean model.layers.26.mlp.down_proj.weight, model.layers.26.self_attn.q_proj.weight, model.layers.26.self_attn.k_proj.weight?
            wanted at model.ts:2:7
        model.layers.{3..4,9}.input_layernorm.weight  f32 [4]  (3 tensors)
            did you mean model.layers.26.input_layernorm.weight, model.layers.26.mlp.down_proj.weight, model.layers.26.self_attn.q_proj.weight?
            wanted at model.ts:1:7

      Wrong shape (24):
        model.embed_tokens.weight  expected f32 [16, 4], the checkpoint has BF16 [17, 4]
            wanted at model.ts:2:7
        model.layers.{0..2,5..8,10..25}.mlp.down_proj.weight  expected f32 [4, 8], the checkpoint has BF16 [8, 4], the transpose  (23 tensors)
            wanted at model.ts:2:7

      Left over (8):
        model.layers.{26..27}.self_attn.q_proj.weight  BF16 [4, 4]  (2 tensors)
        model.layers.{26..27}.self_attn.k_proj.weight  BF16 [2, 4]  (2 tensors)
        model.layers.{26..27}.mlp.down_proj.weight  BF16 [8, 4]  (2 tensors)
        model.layers.{26..27}.input_layernorm.weight  BF16 [4]  (2 tensors)"
    `);
    expect(
      formatReport(
        matchParams(
          expected(1),
          checkpoint(1, (name, shape) => [name, shape], 'i64'),
        ),
      ),
    ).toMatchInlineSnapshot(`
      "checkpoints/tiny: 0 of 5 parameters matched.

      Wrong element type (5):
        model.embed_tokens.weight  expected f32 [16, 4], the checkpoint has I64 [16, 4]
            wanted at model.ts:2:7
        model.layers.0.self_attn.q_proj.weight  expected f32 [4, 4], the checkpoint has I64 [4, 4]
            wanted at model.ts:2:7
        model.layers.0.self_attn.k_proj.weight  expected f32 [2, 4], the checkpoint has I64 [2, 4]
            wanted at model.ts:2:7
        model.layers.0.mlp.down_proj.weight  expected f32 [4, 8], the checkpoint has I64 [4, 8]
            wanted at model.ts:2:7
        model.layers.0.input_layernorm.weight  expected f32 [4], the checkpoint has I64 [4]
            wanted at model.ts:1:7"
    `);
  });

  it('drafts the rules that a checkpoint with other names needs', () => {
    const source = checkpoint(28, (name, shape) => [
      name.replace('model.', 'lm.decoder.').replace('self_attn', 'attn').replace('down_proj.weight', 'down_proj.w'),
      shape,
    ]);
    const report = matchParams(expected(28), source);
    expect(formatReport(report)).toMatchInlineSnapshot(`
      "checkpoints/tiny: 0 of 113 parameters matched.

      Missing (113):
        model.embed_tokens.weight  f32 [16, 4]
            did you mean lm.decoder.embed_tokens.weight?
            wanted at model.ts:2:7
        model.layers.{0..27}.self_attn.q_proj.weight  f32 [4, 4]  (28 tensors)
            did you mean lm.decoder.layers.{0..27}.attn.q_proj.weight, lm.decoder.layers.{0..27}.attn.k_proj.weight, lm.decoder.layers.{0..27}.input_layernorm.weight?
            wanted at model.ts:2:7
        model.layers.{0..27}.self_attn.k_proj.weight  f32 [2, 4]  (28 tensors)
            did you mean lm.decoder.layers.{0..27}.attn.k_proj.weight, lm.decoder.layers.{0..27}.attn.q_proj.weight, lm.decoder.layers.{0..27}.input_layernorm.weight?
            wanted at model.ts:2:7
        model.layers.{0..27}.mlp.down_proj.weight  f32 [4, 8]  (28 tensors)
            did you mean lm.decoder.layers.{0..27}.mlp.down_proj.w, lm.decoder.layers.{0..27}.attn.q_proj.weight, lm.decoder.layers.{0..27}.attn.k_proj.weight?
            wanted at model.ts:2:7
        model.layers.{0..27}.input_layernorm.weight  f32 [4]  (28 tensors)
            did you mean lm.decoder.layers.{0..27}.input_layernorm.weight, lm.decoder.layers.{0..27}.attn.q_proj.weight, lm.decoder.layers.{0..27}.attn.k_proj.weight?
            wanted at model.ts:1:7

      Left over (113):
        lm.decoder.embed_tokens.weight  BF16 [16, 4]
        lm.decoder.layers.{0..27}.attn.q_proj.weight  BF16 [4, 4]  (28 tensors)
        lm.decoder.layers.{0..27}.attn.k_proj.weight  BF16 [2, 4]  (28 tensors)
        lm.decoder.layers.{0..27}.mlp.down_proj.w  BF16 [4, 8]  (28 tensors)
        lm.decoder.layers.{0..27}.input_layernorm.weight  BF16 [4]  (28 tensors)

      A draft of rename rules, to append to those in use, that would match 113 of the 113 missing (check it, names can mislead):
      [
        {"from":"^lm\\\\.decoder\\\\.","to":"model."},
        {"from":"\\\\.attn\\\\.","to":".self_attn."},
        {"from":"\\\\.w$","to":".weight"}
      ]"
    `);
  });

  it('shows what a rename table made of the names that did not fit, and its idle rules', () => {
    const source = checkpoint(2, (name, shape) => [name.replace('model.', 'lm.'), shape]);
    const table = renameTable([
      { from: '^lm\\.', to: 'modle.' },
      { from: '^vision\\.', to: '' },
    ]);
    expect(formatReport(matchParams(expected(2), source, table))).toMatchInlineSnapshot(`
      "checkpoints/tiny: 0 of 9 parameters matched.

      Missing (9):
        model.embed_tokens.weight  f32 [16, 4]
            did you mean lm.embed_tokens.weight, lm.layers.0.self_attn.k_proj.weight, lm.layers.0.input_layernorm.weight?
            wanted at model.ts:2:7
        model.layers.{0..1}.self_attn.q_proj.weight  f32 [4, 4]  (2 tensors)
            did you mean lm.layers.{0..1}.self_attn.q_proj.weight, lm.layers.{0..1}.self_attn.k_proj.weight, lm.layers.{0..1}.mlp.down_proj.weight?
            wanted at model.ts:2:7
        model.layers.{0..1}.self_attn.k_proj.weight  f32 [2, 4]  (2 tensors)
            did you mean lm.layers.{0..1}.self_attn.k_proj.weight, lm.layers.{0..1}.self_attn.q_proj.weight, lm.layers.{0..1}.mlp.down_proj.weight?
            wanted at model.ts:2:7
        model.layers.{0..1}.mlp.down_proj.weight  f32 [4, 8]  (2 tensors)
            did you mean lm.layers.{0..1}.mlp.down_proj.weight, lm.layers.{0..1}.self_attn.q_proj.weight, lm.layers.{0..1}.self_attn.k_proj.weight?
            wanted at model.ts:2:7
        model.layers.{0..1}.input_layernorm.weight  f32 [4]  (2 tensors)
            did you mean lm.layers.{0..1}.input_layernorm.weight, lm.layers.{0..1}.mlp.down_proj.weight, lm.layers.{0..1}.self_attn.q_proj.weight?
            wanted at model.ts:1:7

      Left over (9):
        lm.embed_tokens.weight  BF16 [16, 4]
            renamed to modle.embed_tokens.weight
        lm.layers.{0..1}.self_attn.q_proj.weight  BF16 [4, 4]  (2 tensors)
            renamed to modle.layers.{0..1}.self_attn.q_proj.weight
        lm.layers.{0..1}.self_attn.k_proj.weight  BF16 [2, 4]  (2 tensors)
            renamed to modle.layers.{0..1}.self_attn.k_proj.weight
        lm.layers.{0..1}.mlp.down_proj.weight  BF16 [4, 8]  (2 tensors)
            renamed to modle.layers.{0..1}.mlp.down_proj.weight
        lm.layers.{0..1}.input_layernorm.weight  BF16 [4]  (2 tensors)
            renamed to modle.layers.{0..1}.input_layernorm.weight

      Rename rules that changed nothing:
        {"from":"^vision\\\\.","to":""}

      A draft of rename rules, to append to those in use, that would match 9 of the 9 missing (check it, names can mislead):
      [
        {"from":"^modle\\\\.","to":"model."}
      ]"
    `);
  });

  it('counts what it does not list', () => {
    const source = checkpoint(0, () => undefined);
    const many = new Map(Array.from({ length: 30 }, (_, i) => [`part${i}.x`, { shape: [1], dtype: 'f32' } as const]));
    const text = formatReport(matchParams(many, source));
    expect(text).toContain('Missing (30):');
    expect(text).toContain('… and 10 more in 10 patterns');
  });
});

describe('requireComplete', () => {
  const source = checkpoint(2, (name, shape) => [name, shape]);

  it('accepts left-over tensors only where it is told to', () => {
    const report = matchParams(expected(1), source);
    expect(() => requireComplete(report, { allowLeftOver: true })).not.toThrow();
    expect(() => requireComplete(report, { allowLeftOver: false })).toThrowErrorMatchingInlineSnapshot(`
      [WeightError: The checkpoint does not fit the model.
      checkpoints/tiny: 5 of 5 parameters matched.

      Left over (4):
        model.layers.1.self_attn.q_proj.weight  BF16 [4, 4]
        model.layers.1.self_attn.k_proj.weight  BF16 [2, 4]
        model.layers.1.mlp.down_proj.weight  BF16 [4, 8]
        model.layers.1.input_layernorm.weight  BF16 [4]

      If the model should do without them, accept them: --allow-extra.]
    `);
  });

  it('never accepts a missing one', () => {
    expect(() => requireComplete(matchParams(expected(3), source), { allowLeftOver: true })).toThrow(/Missing \(4\)/);
  });
});
