import { type Graph, ops, type Program, parseProgram, type Value } from '@casement/ir';
import { referenceExecutor } from '@casement/session/reference';
import { describe, expect, it } from 'vitest';
import { maxDifference, openInRuntime } from '../../../test/support/onnx.ts';
import { image, smallDecoder, tokens } from '../../../test/support/smallDecoder.ts';
import { loweredWhole, lowerToOnnx, type Profile, printOnnx, type WeightPlace } from './index.ts';

/** Weights one after another in one shard, as a real build has them. */
function inShard(program: Program): (param: string) => WeightPlace {
  const places = new Map<string, WeightPlace>();
  let byteOffset = 1000;
  for (const { name, type } of program.params.values()) {
    const byteLength = type.shape.reduce<number>((product, size) => product * Number(size), 4);
    places.set(name, { file: 'model.safetensors', byteOffset, byteLength });
    byteOffset += byteLength;
  }
  return (param) => places.get(param) ?? expect.fail(`no param ${param}`);
}

function printEntry(program: Program, profile: Profile, file: string): string {
  const { files } = lowerToOnnx(program, { profile, weights: inShard(program) });
  return printOnnx(files.get(file) ?? expect.fail(`no file ${file}`));
}

describe.each(['ort', 'onnx'] as const)('profile %s', (profile) => {
  it.each(['step', 'openWindow'])('lowers %s to these nodes', async (entry) => {
    const { program } = smallDecoder({ layers: 1 });
    const text = printEntry(program, profile, `${entry}.onnx`);
    await expect(text).toMatchFileSnapshot(`./golden/casa.${entry}.${profile}.txt`);
  });

  it('reads an empty cache without a special case', async () => {
    const { program } = smallDecoder({ layers: 1, attention: 'ca' });
    await expect(printEntry(program, profile, 'step.onnx')).toMatchFileSnapshot(`./golden/ca.step.${profile}.txt`);
  });

  it('needs no shape, cast or copy per layer', () => {
    const count = (layers: number) => {
      const text = printEntry(smallDecoder({ layers }).program, profile, 'step.onnx');
      return text.match(/= (Shape|Cast|Concat|Reshape|Identity|Expand)\(/g)?.length ?? 0;
    };
    expect(count(3)).toBe(count(1));
  });

  it('gives every value when all are outputs, as verify wants them', async () => {
    const { program, params } = smallDecoder({ layers: 1 });
    const entries = new Map([...program.entries].map(([name, graph]) => [name, exposed(graph)]));
    const onnx = await openInRuntime({ ...program, entries }, profile, params);
    const param = (name: string) => params.get(name) ?? expect.fail(`no param ${name}`);
    const reference = referenceExecutor({ ...program, entries }, { param });
    for (const [entry, inputs] of [
      ['openWindow', image(3, 0)],
      ['step', tokens(2, 0)],
    ] as const) {
      const actual = await onnx.run(entry, inputs);
      for (const [name, { data, shape }] of Object.entries(await reference.run(entry, inputs))) {
        expect(actual[name]?.shape, name).toEqual(shape);
        expect(maxDifference(actual[name]?.data ?? [], data), name).toBeLessThanOrEqual(1e-5);
      }
    }
    await onnx.dispose();
  });
});

function exposed(graph: Graph): Graph {
  const known = new Set<Value>(graph.outputs.map(({ value }) => value));
  const results = graph.nodes.flatMap((node) => node.outputs).filter((value) => !known.has(value));
  return { ...graph, outputs: [...graph.outputs, ...results.map((value) => ({ name: value.name, value }))] };
}

describe('the boundary', () => {
  const { program } = smallDecoder({ layers: 1 });

  it('is in the target part of the manifest', () => {
    const { target } = lowerToOnnx(program, { profile: 'ort', weights: inShard(program) });
    expect(target).toMatchObject({
      profile: 'ort',
      opset: 23,
      entries: { step: { file: 'step.onnx' }, openWindow: { file: 'openWindow.onnx' } },
    });
    expect(target.states['layers.0.casa_attn.window.key']).toEqual({
      past: 'window.0.key',
      present: 'present_window.0.key',
      perm: [0, 2, 1, 3],
      capacity: 24,
    });
    expect(target.states['layers.0.self_attn.past_key_values.value']).toEqual({
      past: 'past_key_values.0.value',
      present: 'present.0.value',
      perm: [0, 2, 1, 3],
      capacity: 24,
    });
  });

  it('says by what keys are multiplied, so that attention need not scale', () => {
    const wide = smallDecoder({ layers: 1, headDim: 16 }).program;
    const { target } = lowerToOnnx(wide, { profile: 'ort', weights: inShard(wide) });
    const factors = Object.values(target.states).map(({ past, factor }) => [past, factor]);
    expect(Object.fromEntries(factors)).toEqual({
      'past_key_values.0.key': 0.5, // √(1/√16)
      'past_key_values.0.value': undefined,
      'window.0.key': undefined,
      'window.0.value': undefined,
    });
  });

  it('has a state as input only where it is read, and as output only where it grows', () => {
    const inputsOf = (text: string) => text.match(/^(input|output) .*window.*key/gm);
    expect(inputsOf(printEntry(program, 'ort', 'openWindow.onnx'))).toEqual(['output present_window.0.key']);
    const crossed = smallDecoder({ layers: 1, attention: 'ca' }).program;
    expect(inputsOf(printEntry(crossed, 'ort', 'step.onnx'))).toEqual(['input  window.0.key']);
  });

  it('keeps a state that no attention reads as it is, and an input that is computed with in int32', () => {
    const text = printEntry(
      parseProgram(`program mean
dim seq = 1 .. 4
dim past = 0 .. 8
state $memory : i32[past 2] axis 0
entry main(%x : i32[seq 2]) {
  %all : i32[past+seq 2] = append($memory, %x) {axis=0}
  %sum : i32[2] = reduceSum(%all) {axis=0, keepDims=false}
  keep $memory = %all
  return sum = %sum
}
`),
      'onnx',
      'main.onnx',
    );
    expect(text).toMatchInlineSnapshot(`
      "graph main (ir 11, ai.onnx 23)
      input  x : i32[seq 2]
      input  memory : i32[past 2]
      const  constant : i64[1] = [0]

      present_memory : i32[past+seq 2] = Concat(memory, x) {axis=0}
      sum : i32[2] = ReduceSum(present_memory, constant) {keepdims=0}

      output sum : i32[2]
      output present_memory : i32[past+seq 2]
      "
    `);
  });
});

it.each(['casa', 'ca'] as const)('says what is left unfused, and why: %s', (attention) => {
  const { program } = smallDecoder({ attention });
  const { notes } = lowerToOnnx(program, { profile: 'ort', weights: inShard(program) });
  expect(Object.fromEntries(notes)).toMatchSnapshot();
});

describe('refusals', () => {
  const bf16 = `program half
param @w : bf16[2 3]
entry main(%x : f32[1 3]) {
  %wide : f32[2 3] = cast(@w) {to="f32"}
  %y : f32[1 2] = linear(%x, %wide)
  %z : bf16[1 2] = cast(%y) {to="bf16"} in "head" at "model.ts":4:5
  return y = %RESULT
}
`;
  const weights = () => new Uint8Array(12);

  it('names a value in bf16, with the place and the remedy', () => {
    const program = parseProgram(bf16.replace('RESULT', 'z'));
    expect(() => lowerToOnnx(program, { profile: 'onnx', weights })).toThrowErrorMatchingInlineSnapshot(`
      [IrError: entry main: "z" is bf16, which ONNX Runtime cannot compute with here; build with dtype f32 or f16, or cast the weights
        in head
        at model.ts:4:5]
    `);
  });

  it('takes weights in bf16 that are cast first', () => {
    const program = parseProgram(bf16.replace('RESULT', 'y').replace(/.*%z.*\n/, ''));
    expect(() => lowerToOnnx(program, { profile: 'ort', weights })).not.toThrow();
  });

  it('names a weight whose bytes do not fit', () => {
    const program = parseProgram(bf16.replace('RESULT', 'y').replace(/.*%z.*\n/, ''));
    const tooFew = () => ({ file: 'model.safetensors', byteOffset: 0, byteLength: 10 });
    expect(() => lowerToOnnx(program, { profile: 'ort', weights: tooFew })).toThrowErrorMatchingInlineSnapshot(
      `[IrError: wide: weight "w" is bf16[2 3], 12 bytes, but 10 are given]`,
    );
  });

  it('names an op that it does not know', () => {
    const strange = { ...ops.abs, name: 'strange' };
    const text = 'program p\nentry main(%x : f32[1]) {\n  %y : f32[1] = strange(%x)\n  return y = %y\n}\n';
    const program = parseProgram(text, () => strange);
    expect(() => lowerToOnnx(program, { profile: 'ort', weights })).toThrowErrorMatchingInlineSnapshot(
      `[IrError: op strange has no lowering to ONNX; add it to packages/onnx/src/lower]`,
    );
  });
});

it('says which composite ops each profile takes whole', () => {
  expect([...loweredWhole('ort')].sort()).toMatchInlineSnapshot(`
    [
      "argMin",
      "attention",
      "gelu",
      "layerNorm",
      "linear",
      "logSoftmax",
      "quantizedGather",
      "quantizedLinear",
      "quickGelu",
      "reduceMin",
      "rmsNorm",
      "rope",
      "silu",
      "softmax",
      "standardize",
    ]
  `);
  const onlyOrt = [...loweredWhole('ort')].filter((name) => !loweredWhole('onnx').has(name));
  expect(onlyOrt.sort()).toEqual(['quantizedLinear', 'quickGelu', 'silu']);
});
