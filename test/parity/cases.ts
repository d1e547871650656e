import { type ProgramCase, parseCase } from '../support/programCase.ts';

/** Programs whose sizes lie around the tiles' of fast kernels: a little less, exactly, a little more, and nothing. */
export const cases: Readonly<Record<string, () => ProgramCase>> = {
  ...Object.fromEntries(
    (['f32', 'f16', 'bf16'] as const).map((dtype) => [`linear in ${dtype}`, () => linears(dtype)] as const),
  ),
  'linear of quantised weights': quantizedLinears,
};

const calls = (sizes: readonly number[]) => sizes.map((seq) => `call main seq=${seq}`).join('\n');

function linears(dtype: string): ProgramCase {
  return parseCase(`program linears
dim seq = 0 .. 70
param @wide : ${dtype}[130 72]
param @bias : ${dtype}[130]
param @back : ${dtype}[66 132]
param @odd : ${dtype}[5 36]
entry main(%x : ${dtype}[1 seq 72], %z : ${dtype}[seq 132], %v : ${dtype}[seq 36]) {
  %a : ${dtype}[1 seq 130] = linear(%x, @wide, @bias)
  %b : ${dtype}[seq 66] = linear(%z, @back)
  %c : ${dtype}[seq 5] = linear(%v, @odd)
  return a = %a
  return b = %b
  return c = %c
}
${calls([1, 7, 64, 70, 0])}
`);
}

function quantizedLinears(): ProgramCase {
  return parseCase(`program quantised
dim seq = 0 .. 70
param @four : u8[70 3 16]
param @fourScales : f32[70 3]
param @fourZeros : u8[70 2]
param @bias : f32[70]
param @short : u8[6 2 16]
param @shortScales : f32[6 2]
param @eight : u8[66 4 16]
param @eightScales : f32[66 4]
param @eightZeros : u8[66 4]
entry main(%x : f32[1 seq 96], %z : f32[seq 39], %v : f32[seq 64]) {
  %a : f32[1 seq 70] = quantizedLinear(%x, @four, @fourScales, @fourZeros, @bias) {bits=4, block=32, columns=96}
  %b : f32[seq 6] = quantizedLinear(%z, @short, @shortScales) {bits=4, block=32, columns=39}
  %c : f32[seq 66] = quantizedLinear(%v, @eight, @eightScales, @eightZeros) {bits=8, block=16, columns=64}
  return a = %a
  return b = %b
  return c = %c
}
${calls([1, 7, 64, 70, 0])}
`);
}
