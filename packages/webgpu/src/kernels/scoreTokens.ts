import type { Operand } from '../operand.ts';
import { FusedKernel } from '../wgsl/fusedKernel.ts';
import type { KernelCall } from '../wgsl/kernelBuilder.ts';
import { NEGATIVE_INFINITY } from '../wgsl/math.ts';
import { type ChoiceMemory, factAt, readSettings } from './choice.ts';

/**
 * scores = logits with biases and penalties, in the order of `@casement/session`'s sampler: bias, repetition, frequency
 * and presence, recent tokens, stop tokens, runs that must not come again. The token that the run before has read counts
 * from now on.
 */
export function scoreTokens(logits: Operand, memory: ChoiceMemory, vocab: number): KernelCall {
  const kernel = new FusedKernel('scoreTokens', 'scores = logits with biases and penalties.', new Map());
  const logit = kernel.read('logits', logits, 'element');
  const { word, float } = readSettings(kernel, memory);
  const { name: facts } = kernel.bind('facts', memory.facts, 'u32');
  const setFact = kernel.write('facts', memory.facts);
  const { name: chosen } = kernel.bind('chosen', memory.chosen, 'u32');
  const scores = kernel.write('scores', memory.scores);
  const at = (fact: Parameters<typeof factAt>[0]) => factAt(fact, vocab, 'i');
  kernel.helper(NEGATIVE_INFINITY).helper(`
// A factor above 1 makes a token less likely whatever the sign.
fn scaled(score: f32, factor: f32) -> f32 {
  return select(score / factor, score * factor, score < 0.0);
}`);
  const body = [
    `let isLater = ${word('drawn')} != ${word('drawnBefore')};`,
    `let isNewest = isLater && ${chosen}[0] == i;`,
    `var tally = ${facts}[${at('tally')}];`,
    'if (isNewest) {',
    '  tally = (tally | 1u) + 4u;',
    `  ${setFact(at('tally'), 'tally')}`,
    '}',
    'let isStop = (tally & 2u) != 0u;',
    `var score = ${logit.at('i')} + bitcast<f32>(${facts}[${at('bias')}]);`,
    `if ((tally & 1u) != 0u && ${float('repetitionPenalty')} != 1.0) {`,
    `  score = scaled(score, ${float('repetitionPenalty')});`,
    '}',
    'if (tally >= 4u) {',
    `  score = score - f32(tally >> 2u) * ${float('frequencyPenalty')} - ${float('presencePenalty')};`,
    '}',
    `let decay = ${float('emaDecay')};`,
    'if (decay > 0.0) {',
    `  var recent = bitcast<f32>(${facts}[${at('recent')}]);`,
    '  if (isLater) {',
    '    recent = recent * decay + select(0.0, 1.0, isNewest);',
    `    ${setFact(at('recent'), 'bitcast<u32>(recent)')}`,
    '  }',
    '  if (recent > 0.0 && !isStop) {',
    `    score = scaled(score, pow(${float('emaPenalty')}, min(recent, ${float('emaMost')})));`,
    '  }',
    '}',
    `if (isStop && ${float('stopBias')} != 1.0) {`,
    `  score = select(score * ${float('stopBias')}, score / ${float('stopBias')}, score < 0.0);`,
    '}',
    `if (${facts}[${at('banned')}] == ${word('drawn')} + 1u) {`,
    '  score = negativeInfinity();',
    '}',
    scores('i', 'score'),
  ];
  return kernel.finish(vocab, { unit: 'thread', size: 64 }, body);
}
