import type { Dim } from '@casement/ir';
import type { Operand } from '../operand.ts';
import { dimField, wgslSize } from '../size.ts';
import { indent } from '../wgsl/coordinates.ts';
import { FusedKernel, type Threads } from '../wgsl/fusedKernel.ts';
import type { KernelCall } from '../wgsl/kernelBuilder.ts';
import { NEGATIVE_INFINITY } from '../wgsl/math.ts';

/** Words of the settings; `@casement/runtime`'s tokenLoop.ts writes them. */
export const SETTINGS_WORDS = 16;

/** Where drawing keeps what it needs between runs. All words u32. */
export interface ChoiceMemory {
  /** temperature (f32; 0: the likeliest), seed, draws so far, top k (0: all), repetition penalty (f32), threshold (f32). */
  readonly settings: Operand;
  /** A bit for each token that was read or written. */
  readonly seen: Operand;
  /** Best value (f32) and its token, for each block of the vocabulary. */
  readonly best: Operand;
  /** The token that was chosen; 0xffffffff if no logit is a number. */
  readonly chosen: Operand;
}

/** How many threads share the work of one workgroup: one where each thread works alone. */
export type Crew = 1 | 64 | 256;

const SETTINGS = `
fn temperature() -> f32 {
  return bitcast<f32>(settings[0]);
}

// A token's logit after the penalty on repetition: what is negative grows, what is positive shrinks.
fn penalized(token: u32) -> f32 {
  let logit = logits[token];
  let penalty = bitcast<f32>(settings[4]);
  let isSeen = ((seen[token / 32u] >> (token % 32u)) & 1u) == 1u;
  return select(logit, select(logit / penalty, logit * penalty, logit < 0.0), isSeen);
}`;

/** Random numbers from counters: PCG3D of Jarzynski & Olano, "Hash functions for GPU rendering" (2020). */
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
fn gumbel(token: u32) -> f32 {
  let bits = pcg3d(vec3u(token, settings[2], settings[1])).x >> 8u;
  return -log(-log((f32(bits) + 0.5) / 16777216.0));
}

// What is compared: the logit, or for a draw the disturbed one.
fn worth(token: u32) -> f32 {
  let logit = penalized(token);
  if (temperature() == 0.0) {
    return logit;
  }
  if (settings[3] > 0u && logit < bitcast<f32>(settings[5])) {
    return negativeInfinity();
  }
  return logit / temperature() + gumbel(token);
}`;

/** Tokens of a block. */
export function blockSize(crew: Crew): number {
  return crew === 1 ? 512 : 2048;
}

/** best = the best token of each block of the vocabulary. */
export function chooseInBlocks(logits: Operand, memory: ChoiceMemory, vocab: number, crew: Crew): KernelCall {
  const kernel = start('chooseInBlocks', 'best = the best token of each block of logits.', logits, memory);
  kernel.helper(GUMBEL);
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
    best('2u * i', 'bitcast<u32>(value)'),
    best('2u * i + 1u', 'token'),
  ];
  return kernel.finish(Math.ceil(vocab / block), crewThreads(crew), body);
}

/** Sets the threshold below which a token is not among the k likeliest, by counting the digits of their order. */
export function findThreshold(logits: Operand, memory: ChoiceMemory, vocab: number, crew: Crew): KernelCall {
  const kernel = start(
    'findThreshold',
    'threshold = the k-th largest logit, by four digits of 8 bits.',
    logits,
    memory,
  );
  const settings = kernel.write('settings', memory.settings);
  kernel.helper(`
// Unsigned numbers in the order of floats.
fn ordered(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}`);
  kernel.helper(`var<workgroup> counts: array<atomic<u32>, 256>;`);
  kernel.helper('var<workgroup> prefix: u32;');
  kernel.helper('var<workgroup> open: u32;');
  const step = `${crew}u`;
  const barrier = crew === 1 ? [] : ['workgroupBarrier();'];
  const body = [
    'if (lane == 0u) {',
    '  prefix = 0u;',
    `  open = min(settings[3], ${vocab}u);`,
    '}',
    'for (var digit = 0u; digit < 4u; digit++) {',
    indent([
      'let shift = 24u - 8u * digit;',
      `for (var n = lane; n < 256u; n += ${step}) {`,
      '  atomicStore(&counts[n], 0u);',
      '}',
      ...barrier,
      `for (var at = lane; at < ${vocab}u; at += ${step}) {`,
      '  let key = ordered(penalized(at));',
      '  // Shifting by 32 bits is undefined.',
      '  if (digit == 0u || (key >> (shift + 8u)) == (prefix >> (shift + 8u))) {',
      '    atomicAdd(&counts[(key >> shift) & 255u], 1u);',
      '  }',
      '}',
      ...barrier,
      'if (lane == 0u) {',
      '  var n = 255u;',
      '  var count = atomicLoad(&counts[n]);',
      '  while (n > 0u && count < open) {',
      '    open -= count;',
      '    n--;',
      '    count = atomicLoad(&counts[n]);',
      '  }',
      '  prefix |= n << shift;',
      '}',
      ...barrier,
    ]),
    '}',
    'if (lane == 0u) {',
    `  ${settings('5u', 'select(~prefix, prefix & 0x7fffffffu, (prefix >> 31u) == 1u)')}`,
    '}',
  ];
  return kernel.finish(1, { unit: 'group', size: crew }, body);
}

/** What a run reads and the next one must find. */
export interface NextRun {
  readonly tokens: Operand;
  readonly positions: Operand;
  /** How many numbers the positions are. */
  readonly axes: number;
  /** Lengths of the growing dims after a run. */
  readonly lengths: ReadonlyMap<string, Dim>;
}

/**
 * chosen = the best token of all blocks: it is what the next run reads. `advance`: a run has read its token, so positions
 * and lengths go on by one run.
 */
export function takeToken(
  memory: ChoiceMemory,
  blocks: number,
  next: NextRun,
  advance: boolean,
  crew: Crew,
): KernelCall {
  const kernel = new FusedKernel(
    advance ? 'takeTokenAndAdvance' : 'takeToken',
    `chosen = the best token of all blocks; the next run reads it${advance ? ', one position further' : ''}.`,
    new Map(),
  );
  kernel.helper(NEGATIVE_INFINITY);
  const { name: best } = kernel.bind('best', memory.best, 'u32');
  const chosen = kernel.write('chosen', memory.chosen);
  const seen = kernel.write('seen', memory.seen);
  const settings = kernel.write('settings', memory.settings);
  const tokens = kernel.write('tokens', next.tokens);
  const positions = advance ? kernel.write('positions', next.positions) : undefined;
  const lengths = [...next.lengths].map(([dim, size], n) => ({ dim, name: `length${n}`, size: wgslSize(size) }));
  const body = [
    'var value = negativeInfinity();',
    'var token = 0xffffffffu;',
    `for (var at = ${crew === 1 ? '0u' : 'lane'}; at < ${blocks}u; at += ${crew}u) {`,
    `  let other = bitcast<f32>(${best}[2u * at]);`,
    '  if (other > value) {',
    '    value = other;',
    `    token = ${best}[2u * at + 1u];`,
    '  }',
    '}',
    ...bestOfCrew(kernel, crew),
    chosen('0u', 'token'),
    'if (token == 0xffffffffu) {',
    '  return;',
    '}',
    tokens('0u', 'i32(token)'),
    seen('token / 32u', 'seen[token / 32u] | (1u << (token % 32u))'),
    settings('2u', 'settings[2] + 1u'),
    ...(positions
      ? Array.from({ length: next.axes }, (_, axis) => positions(`${axis}u`, `positions[${axis}] + 1`))
      : []),
    ...(advance
      ? [
          ...lengths.map(({ name, size }) => `let ${name} = ${size};`),
          ...lengths.map(({ dim, name }) => `${dimField(dim)} = ${name};`),
        ]
      : []),
  ];
  const call = kernel.finish(1, { unit: 'group', size: crew }, body);
  return { ...call, kernel: { ...call.kernel, writesDims: advance } };
}

function start(algorithm: string, summary: string, logits: Operand, memory: ChoiceMemory): FusedKernel {
  const kernel = new FusedKernel(algorithm, summary, new Map());
  kernel.bind('logits', logits, 'f32');
  kernel.bind('settings', memory.settings, 'u32');
  kernel.bind('seen', memory.seen, 'u32');
  return kernel.helper(NEGATIVE_INFINITY).helper(SETTINGS);
}

function crewThreads(crew: Crew): Threads {
  return crew === 1 ? { unit: 'thread', size: 4 } : { unit: 'group', size: crew };
}

/** The best of what the threads of a crew have found, the lowest token of equals; only one thread goes on. */
function bestOfCrew(kernel: FusedKernel, crew: Crew): string[] {
  if (crew === 1) return [];
  kernel.helper(`var<workgroup> values: array<f32, ${crew}>;\nvar<workgroup> winners: array<u32, ${crew}>;`);
  return [
    'values[lane] = value;',
    'winners[lane] = token;',
    `for (var half = ${crew / 2}u; half > 0u; half = half / 2u) {`,
    '  workgroupBarrier();',
    '  if (lane < half) {',
    '    let other = values[lane + half];',
    '    let isBetter = other > values[lane] || (other == values[lane] && winners[lane + half] < winners[lane]);',
    '    if (isBetter) {',
    '      values[lane] = other;',
    '      winners[lane] = winners[lane + half];',
    '    }',
    '  }',
    '}',
    'if (lane > 0u) {',
    '  return;',
    '}',
    'value = values[0];',
    'token = winners[0];',
  ];
}
