import { type Program, sameDim } from '@casement/ir';
import { type BufferSpec, LOOP_SETTINGS, TOKEN_FACTS } from '@casement/runtime';
import type { ListPlan, LoweredEntry, Step } from './entryLowering.ts';
import type { ChoiceMemory, Crew } from './kernels/choice.ts';
import { blockSize, chooseInBlocks } from './kernels/chooseInBlocks.ts';
import { findThreshold } from './kernels/findThreshold.ts';
import { scoreTokens } from './kernels/scoreTokens.ts';
import { takeToken } from './kernels/takeToken.ts';
import { align } from './memory/arena.ts';
import type { Block, Operand } from './operand.ts';
import type { DeviceProfile } from './profile.ts';
import { lengthsAfter } from './signature.ts';
import type { KernelCall } from './wgsl/kernelBuilder.ts';

/** What a decoding list runs to choose its next token by itself. */
export interface LoweredLoop {
  readonly plain: LoweredChoice;
  /** The same with biases and penalties. */
  readonly scored: LoweredChoice;
  readonly blocks: { readonly settings: Block; readonly facts: Block; readonly newest: Block; readonly chosen: Block };
}

export interface LoweredChoice {
  readonly score: readonly Step[];
  /** Before the choice, where only the likeliest are drawn from. */
  readonly threshold: readonly Step[];
  readonly choose: readonly Step[];
}

/** Tokens that are kept to see which runs come again. */
const NEWEST = 1024;

const BUFFER = 'loop';

/** The memory of all loops; entries run one at a time. */
export class LoopPlan {
  private bytes = 0;

  get buffers(): ReadonlyMap<string, BufferSpec> {
    return new Map(this.bytes > 0 ? [[BUFFER, { kind: 'loop', bytes: this.bytes }]] : []);
  }

  /**
   * The loop of a decoding list that reads one `input_ids` and its `position_ids`, and whose output is `logits`.
   * Undefined for other lists: what else they read, another entry may have overwritten since the host gave it.
   */
  lower(
    program: Program,
    profile: DeviceProfile,
    { graph, inputs }: ListPlan,
    entry: LoweredEntry,
  ): LoweredLoop | undefined {
    const named = new Map([...inputs].map(([{ name }, operand]) => [name, operand]));
    const [tokens, positions, logits] = [
      named.get('input_ids'),
      named.get('position_ids'),
      entry.outputs.get('logits'),
    ];
    if (!tokens || !positions || !logits || !isOne(tokens) || positions.block.bytes > 16) return undefined;
    const others = graph.inputs.filter(({ name }) => name !== 'input_ids' && name !== 'position_ids');
    if (graph.nodes.some((node) => node.inputs.some((value) => others.includes(value)))) return undefined;
    const vocab = Number(logits.type.shape.at(-1));
    if (!logits.type.shape.slice(0, -1).every((size) => sameDim(size, 1)) || !Number.isInteger(vocab)) return undefined;
    const isGpu = profile.kind === 'gpu';
    const crew: Crew = isGpu ? 64 : 1;
    const blocks = Math.ceil(vocab / blockSize(crew));
    let end = 0;
    const place = (name: string, words: number, storage: 'u32' | 'f32' = 'u32'): Operand => {
      const block: Block = { kind: 'loop', name, bytes: 4 * words, place: { buffer: BUFFER, offset: end } };
      end += align(block.bytes);
      return { block, storage, type: { dtype: storage === 'f32' ? 'f32' : 'i32', shape: [words] }, layout: [words] };
    };
    const memory: ChoiceMemory = {
      settings: place('settings', LOOP_SETTINGS.length),
      chosen: place('chosen', 4),
      best: place('best', 2 * blocks),
      newest: place('newest', NEWEST),
      facts: place('facts', TOKEN_FACTS.length * vocab),
      scores: place('scores', vocab, 'f32'),
    };
    this.bytes = Math.max(this.bytes, end);
    const next = {
      tokens,
      positions,
      axes: Number(positions.type.shape.length === 3 ? positions.type.shape[0] : 1),
      lengths: lengthsAfter(program, entry.graph),
    };
    const step = (label: string, call: KernelCall): Step => ({ ...call, label });
    const choiceFrom = (scores: Operand, bans: boolean) => ({
      threshold: [step('threshold', findThreshold(scores, memory, vocab, isGpu ? 256 : 1))],
      choose: [
        step('choose', chooseInBlocks(scores, memory, vocab, crew)),
        step('take', takeToken(memory, blocks, next, { crew, vocab, bans })),
      ],
    });
    const { settings, facts, newest, chosen } = memory;
    return {
      plain: { score: [], ...choiceFrom(logits, false) },
      scored: { score: [step('score', scoreTokens(logits, memory, vocab))], ...choiceFrom(memory.scores, true) },
      blocks: { settings: settings.block, facts: facts.block, newest: newest.block, chosen: chosen.block },
    };
  }
}

function isOne({ type }: Operand): boolean {
  return type.shape.every((size) => sameDim(size, 1));
}
