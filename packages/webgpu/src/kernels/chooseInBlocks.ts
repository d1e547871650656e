import type { Operand } from '../operand.ts';
import { FusedKernel } from '../wgsl/fusedKernel.ts';
import type { KernelCall } from '../wgsl/kernelBuilder.ts';
import { NEGATIVE_INFINITY } from '../wgsl/math.ts';
import { bestOfCrew } from './bestOfCrew.ts';
import { type ChoiceMemory, type Crew, crewThreads, readSettings } from './choice.ts';

/**
 * Random numbers from counters: PCG3D of Jarzynski & Olano, "Hash functions for GPU rendering" (2020). The host draws the
 * same (`@casement/session`, random.ts), but for the last bits of the logarithms.
 */
const GUMBEL = `
fn pcg3d(start: vec3u) -> vec3u {
  var v = start * 1664525u + 1013904223u;
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v ^= v >> vec3u(16u);
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  return v;
}

// The token with the largest logit/temperature + gumbel is one drawn from the softmax (Gumbel 1954).
fn gumbel(bits: u32) -> f32 {
  // 2^-32 of the bits, below 1. Small numbers keep all their digits, so that large results, which decide, do, too.
  let even = min((f32(bits) + 0.5) * 2.3283064365386963e-10, 0.99999994);
  let series = even * (1.0 + even * (0.5 + even / 3.0));
  return -log(select(-log(1.0 - even), series, even < 0.0009765625));
}`;

/** Tokens of a block. */
export function blockSize(crew: Crew): number {
  return crew === 1 ? 512 : 2048;
}

/** best = the best token of each block of the vocabulary. */
export function chooseInBlocks(logits: Operand, memory: ChoiceMemory, vocab: number, crew: Crew): KernelCall {
  const kernel = new FusedKernel('chooseInBlocks', 'best = the best token of each block of logits.', new Map());
  const logit = kernel.read('logits', logits, 'element').at('token');
  const { word, float } = readSettings(kernel, memory);
  kernel
    .helper(NEGATIVE_INFINITY)
    .helper(GUMBEL)
    .helper(`
// What is compared: the logit, or for a draw the disturbed one.
fn worth(token: u32) -> f32 {
  let logit = ${logit};
  let temperature = ${float('temperature')};
  if (temperature == 0.0) {
    return logit;
  }
  if (logit < ${float('threshold')}) {
    return negativeInfinity();
  }
  return logit / temperature + gumbel(pcg3d(vec3u(token, ${word('drawn')}, ${word('seed')})).x);
}`);
  const block = blockSize(crew);
  const best = kernel.write('best', memory.best);
  const body = [
    `let end = min((i + 1u) * ${block}u, ${vocab}u);`,
    'var value = negativeInfinity();',
    'var token = 0xffffffffu;',
    `for (var at = i * ${block}u + ${crew === 1 ? '0u' : 'lane'}; at < end; at += ${crew}u) {`,
    '  let other = worth(at);',
    '  if (other > value) {',
    '    value = other;',
    '    token = at;',
    '  }',
    '}',
    ...bestOfCrew(kernel, crew),
    ...(crew === 1 ? [] : ['if (lane > 0u) {', '  return;', '}']),
    best('2u * i', 'bitcast<u32>(value)'),
    best('2u * i + 1u', 'token'),
  ];
  return kernel.finish(Math.ceil(vocab / block), crewThreads(crew), body);
}
