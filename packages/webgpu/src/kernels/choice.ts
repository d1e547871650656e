import { LOOP_SETTINGS, type LoopSetting, TOKEN_FACTS, type TokenFact } from '@casement/runtime';
import type { Operand } from '../operand.ts';
import type { FusedKernel, Threads } from '../wgsl/fusedKernel.ts';

/** Where choosing tokens keeps what it needs between runs. */
export interface ChoiceMemory {
  /** Words, as `LOOP_SETTINGS` names them. */
  readonly settings: Operand;
  /** Words: [facts vocab], as `TOKEN_FACTS` names them. */
  readonly facts: Operand;
  /** A ring of the newest tokens. */
  readonly newest: Operand;
  /** Best value (f32) and its token, for each block of the vocabulary. */
  readonly best: Operand;
  /** The token that was chosen; 0xffffffff if no logit is a number. */
  readonly chosen: Operand;
  /** What penalties and biases make of the logits, f32[vocab]. */
  readonly scores: Operand;
}

/** How many threads share the work of one workgroup: one where each thread works alone. */
export type Crew = 1 | 64 | 256;

export function crewThreads(crew: Crew): Threads {
  return crew === 1 ? { unit: 'thread', size: 4 } : { unit: 'group', size: crew };
}

/** Makes settings readable: as u32 by `word`, as f32 by `float`. */
export function readSettings(kernel: FusedKernel, { settings }: ChoiceMemory) {
  const { name } = kernel.bind('settings', settings, 'u32');
  const word = (setting: LoopSetting) => {
    const constant = constantOf(setting);
    kernel.helper(`const ${constant} = ${LOOP_SETTINGS.indexOf(setting)}u;`);
    return `${name}[${constant}]`;
  };
  return { word, float: (setting: LoopSetting) => `bitcast<f32>(${word(setting)})` };
}

/** Where a fact about a token lies among all facts. */
export function factAt(fact: TokenFact, vocab: number, token: string): string {
  const first = TOKEN_FACTS.indexOf(fact) * vocab;
  return first === 0 ? token : `${first}u + ${token}`;
}

/** `topK` as WGSL's constants are written here: `TOP_K`. */
function constantOf(setting: string): string {
  return setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
