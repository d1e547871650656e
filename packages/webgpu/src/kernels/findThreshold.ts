import type { Operand } from '../operand.ts';
import { indent } from '../wgsl/coordinates.ts';
import { FusedKernel } from '../wgsl/fusedKernel.ts';
import type { KernelCall } from '../wgsl/kernelBuilder.ts';
import { NEGATIVE_INFINITY } from '../wgsl/math.ts';
import { type ChoiceMemory, type Crew, readSettings } from './choice.ts';

/** What all tokens have together in the second round. Whole numbers add up alike in any order. */
const ALL = 2 ** 30;

const ORDER = `
// Unsigned numbers in the order of floats.
fn ordered(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}`;

/**
 * Sets the threshold below which a token is not drawn: the k-th largest logit, and then the smallest of the likeliest that
 * have the probability p together. Both are found digit by digit of the logits' order, 8 bits at a time: in the first
 * round every token weighs 1, in the second one its probability.
 */
export function findThreshold(logits: Operand, memory: ChoiceMemory, vocab: number, crew: Crew): KernelCall {
  const kernel = new FusedKernel(
    'findThreshold',
    'threshold = the k-th largest logit, or that above which tokens have the probability p; by four digits of 8 bits.',
    new Map(),
  );
  const read = kernel.read('logits', logits, crew === 1 ? 'element' : 'quad');
  const { word, float } = readSettings(kernel, memory);
  kernel.write('settings', memory.settings);
  kernel.helper(NEGATIVE_INFINITY).helper(ORDER);
  kernel.helper('var<workgroup> weights: array<atomic<u32>, 256>;');
  for (const shared of ['prefix', 'open', 'rounds', 'lowest']) kernel.helper(`var<workgroup> ${shared}: u32;`);
  const barrier = crew === 1 ? [] : ['workgroupBarrier();'];
  // One workgroup reads them all, so each of its threads reads four at once.
  const tokens = (body: readonly string[]) =>
    crew === 1
      ? [`for (var at = 0u; at < ${vocab}u; at++) {`, `  let logit = ${read.at('at')};`, indent(body), '}']
      : [
          `for (var quad = lane; quad < ${Math.ceil(vocab / 4)}u; quad += ${crew}u) {`,
          `  let four = ${read.quad('quad')};`,
          `  for (var part = 0u; part < 4u && 4u * quad + part < ${vocab}u; part++) {`,
          '    let logit = four[part];',
          indent([indent(body)]),
          '  }',
          '}',
        ];
  const likely = ['if (ordered(logit) >= lowest) {', '  total += exp((logit - largest) / temperature);', '}'];
  const body = [
    `let temperature = ${float('temperature')};`,
    'if (lane == 0u) {',
    `  rounds = select(0u, 1u, ${word('topK')} > 0u) + select(0u, 2u, ${float('topP')} < 1.0);`,
    '  lowest = 0u;',
    '}',
    // A barrier, too: all threads must agree on what they do together.
    crew === 1 ? 'let asked = rounds;' : 'let asked = workgroupUniformLoad(&rounds);',
    'for (var round = 0u; round < 2u; round++) {',
    indent([
      'if (((asked >> round) & 1u) == 0u) {',
      '  continue;',
      '}',
      'var largest = negativeInfinity();',
      'var total = 0.0;',
      'if (round == 1u) {',
      indent([
        ...tokens(['largest = max(largest, logit);']),
        ...together(kernel, crew, 'largest', (a, b) => `max(${a}, ${b})`),
        ...tokens(likely),
        ...together(kernel, crew, 'total', (a, b) => `${a} + ${b}`),
      ]),
      '}',
      'if (lane == 0u) {',
      '  prefix = 0u;',
      `  open = select(min(${word('topK')}, ${vocab}u), max(1u, u32(ceil(${float('topP')} * ${ALL}.0))), round == 1u);`,
      '}',
      'for (var digit = 0u; digit < 4u; digit++) {',
      indent([
        'let shift = 24u - 8u * digit;',
        `for (var n = lane; n < 256u; n += ${crew}u) {`,
        '  atomicStore(&weights[n], 0u);',
        '}',
        ...barrier,
        ...tokens([
          'let key = ordered(logit);',
          '// Shifting by 32 bits is undefined.',
          'if (key >= lowest && (digit == 0u || (key >> (shift + 8u)) == (prefix >> (shift + 8u)))) {',
          '  var weight = 1u;',
          '  if (round == 1u) {',
          `    weight = u32(exp((logit - largest) / temperature) / total * ${ALL}.0 + 0.5);`,
          '  }',
          '  atomicAdd(&weights[(key >> shift) & 255u], weight);',
          '}',
        ]),
        ...barrier,
        'if (lane == 0u) {',
        '  var n = 255u;',
        '  var weight = atomicLoad(&weights[n]);',
        '  while (n > 0u && weight < open) {',
        '    open -= weight;',
        '    n--;',
        '    weight = atomicLoad(&weights[n]);',
        '  }',
        '  prefix |= n << shift;',
        '}',
        ...barrier,
      ]),
      '}',
      'if (lane == 0u) {',
      '  lowest = max(lowest, prefix);',
      '}',
      ...barrier,
    ]),
    '}',
    'if (lane == 0u) {',
    `  ${word('threshold')} = select(~lowest, lowest & 0x7fffffffu, (lowest >> 31u) == 1u);`,
    '}',
  ];
  return kernel.finish(1, { unit: 'group', size: crew }, body);
}

/** What all threads of a crew have, in each of them. */
function together(kernel: FusedKernel, crew: Crew, name: string, join: (a: string, b: string) => string): string[] {
  if (crew === 1) return [];
  kernel.helper(`var<workgroup> parts: array<f32, ${crew}>;`);
  return [
    `parts[lane] = ${name};`,
    `for (var half = ${crew / 2}u; half > 0u; half = half / 2u) {`,
    '  workgroupBarrier();',
    '  if (lane < half) {',
    `    parts[lane] = ${join('parts[lane]', 'parts[lane + half]')};`,
    '  }',
    '}',
    'workgroupBarrier();',
    `${name} = parts[0];`,
    'workgroupBarrier();',
  ];
}
