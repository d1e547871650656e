import { type HostTensor, namedDim, parseProgram, tensorOf, verifyProgram } from '@casement/ir';
import { referenceExecutor } from '@casement/session/reference';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallDecoder } from '../../../test/support/smallDecoder.ts';
import { expectClose, loadProgram, softwareDevice } from '../test/dawn.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await softwareDevice();
});
afterAll(() => device.destroy());

const HIDDEN = 12;

/** What a session does: an image, a prompt, tokens, another image, more tokens. [entry, tokens] */
const conversation = [
  ['step', 3],
  ['openWindow', 5],
  ['step', 4],
  ['step', 1],
  ['step', 1],
  ['openWindow', 2],
  ['step', 2],
  ['step', 1],
] as const;

function inputsOf(entry: string, batch: number, tokens: number, start: number): Record<string, HostTensor> {
  const shape = [batch, tokens];
  const count = batch * tokens;
  const positions = tensorOf(
    'i32',
    shape,
    Array.from({ length: count }, (_, i) => start + (i % tokens)),
  );
  if (entry === 'step') {
    const ids = Array.from({ length: count }, (_, i) => (start * 5 + i * 7) % 19);
    return { input_ids: tensorOf('i32', shape, ids), position_ids: positions };
  }
  const image = Array.from({ length: count * HIDDEN }, (_, i) => Math.sin(i + start));
  return { image: tensorOf('f32', [...shape, HIDDEN], image), position_ids: positions };
}

describe.each([
  { batch: 1, symbolic: false, dtype: 'f32', heads: 4, kvHeads: 2, headDim: 8, attention: 'casa' },
  { batch: 2, symbolic: true, dtype: 'f32', heads: 4, kvHeads: 2, headDim: 8, attention: 'casa' },
  { batch: 3, symbolic: true, dtype: 'f32', heads: 3, kvHeads: 1, headDim: 6, attention: 'ca' },
  { batch: 1, symbolic: false, dtype: 'f16', heads: 4, kvHeads: 2, headDim: 8, attention: 'casa' },
  { batch: 2, symbolic: true, dtype: 'f16', heads: 3, kvHeads: 3, headDim: 2, attention: 'casa' },
  { batch: 2, symbolic: true, dtype: 'bf16', heads: 4, kvHeads: 4, headDim: 4, attention: 'ca' },
] as const)('a decoder of $dtype, batch $batch, $heads/$kvHeads heads of $headDim, $attention', (chosen) => {
  const { batch, symbolic, ...options } = chosen;
  const tolerance = { f32: 1e-5, f16: 1e-2, bf16: 0.15 }[options.dtype];

  it('follows the reference from run to run', async () => {
    const { program, params } = smallDecoder({ ...options, batch: symbolic ? namedDim('batch') : batch });
    const model = await loadProgram(device, program, params);
    const reference = referenceExecutor(program, { param: (name) => params.get(name) ?? expect.fail(name) });
    let start = 0;
    for (const round of [0, 1]) {
      for (const [entry, tokens] of conversation) {
        const inputs = inputsOf(entry, batch, tokens, start);
        const wanted = await reference.run(entry, inputs);
        const outputs = await model.run(entry, inputs);
        expect(Object.keys(outputs)).toEqual(Object.keys(wanted));
        for (const [name, tensor] of Object.entries(wanted)) expectClose(outputs[name], tensor, tolerance);
        expect(new Map(model.lengths)).toEqual(new Map(reference.lengths));
        start += entry === 'step' ? tokens : 0;
      }
      if (round === 0) {
        await Promise.all([model.reset(), reference.reset()]);
        start = 0;
      }
    }
    await model.dispose();
  });
});

// Positions of 3 elements cannot be packed in pairs, and batches lie a capacity apart unless there is only one.
describe.each([
  ['f32', 'batch', 3],
  ['f16', 'batch', 3],
  ['f16', 'batch', 4],
  ['bf16', 'batch', 2],
  ['f16', '1', 2],
  ['i32', '1', 3],
] as const)('a program that uses a state %s[%s past %i] in every way', (dtype, batch, width) => {
  const program = parseProgram(`
program odd
dim batch = 1 .. 2
dim seq = 1 .. 4
dim past = 0 .. 6
state $cache : ${dtype}[${batch} past ${width}] axis 1

entry push(%x : ${dtype}[${batch} seq ${width}]) {
  %flat : ${dtype}[${width}*${batch}*past] = reshape($cache) {shape=[${width}*${batch}*past]}
  %doubled : ${dtype}[${batch} past ${width}] = add($cache, $cache) {}
  %turned : ${dtype}[${width} past ${batch}] = transpose($cache) {perm=[2 1 0]}
  %grown : ${dtype}[${batch} past+seq ${width}] = append($cache, %x) {axis=1}
  %last : ${dtype}[${batch} seq ${width}] = slice(%grown) {axis=1, start=past, size=seq}
  %joined : ${dtype}[${batch} past+2*seq ${width}] = concat(%grown, %x) {axis=1}
  keep $cache = %grown
  return flat = %flat
  return doubled = %doubled
  return turned = %turned
  return grown = %grown
  return last = %last
  return joined = %joined
}

entry look(%x : ${dtype}[${batch} seq ${width}]) {
  keep $cache = $cache
  return all = $cache
  return x = %x
}

entry replace(%x : ${dtype}[${batch} seq ${width}]) {
  %old : ${dtype}[${batch} ${width}*past] = reshape($cache) {shape=[${batch} ${width}*past]}
  %empty : ${dtype}[${batch} 0 ${width}] = reset($cache) {axis=1}
  %once : ${dtype}[${batch} seq ${width}] = append(%empty, %x) {axis=1}
  %twice : ${dtype}[${batch} 2*seq ${width}] = append(%once, %once) {axis=1}
  keep $cache = %twice
  return old = %old
  return twice = %twice
}
`);
  const entries = [
    ['push', 2],
    ['push', 3],
    ['look', 1],
    ['replace', 2],
    ['push', 1],
    ['look', 2],
    ['push', 1],
  ] as const;

  it.each(batch === 'batch' ? [1, 2] : [1])('follows the reference with batch %i', async (rows) => {
    verifyProgram(program);
    const model = await loadProgram(device, program);
    const reference = referenceExecutor(program, { param: (name) => expect.fail(name) });
    let next = 1;
    for (const [entry, seq] of entries) {
      const values = Array.from({ length: rows * seq * width }, () => next++);
      const type = program.entries.get(entry)?.inputs[0]?.type ?? expect.fail(entry);
      const inputs = { x: tensorOf(type.dtype, [rows, seq, width], values) };
      const wanted = await reference.run(entry, inputs);
      // Small whole numbers are exact in every dtype.
      expect(await model.run(entry, inputs)).toEqual(wanted);
    }
    await model.dispose();
  });
});
