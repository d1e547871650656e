import { type Program, sameDim } from '@casement/ir';
import type { BufferSpec } from '@casement/runtime';
import type { ListPlan, LoweredEntry, Step } from './entryLowering.ts';
import {
  blockSize,
  type Crew,
  chooseInBlocks,
  findThreshold,
  SETTINGS_WORDS,
  takeToken,
} from './kernels/chooseToken.ts';
import { align } from './memory/arena.ts';
import type { Block, Operand } from './operand.ts';
import type { DeviceProfile } from './profile.ts';
import { lengthsAfter } from './signature.ts';
import type { KernelCall } from './wgsl/kernelBuilder.ts';

/** What a decoding list runs to choose its next token by itself. */
export interface LoweredLoop {
  /** Before the choice, where only the k likeliest are drawn from. */
  readonly threshold: readonly Step[];
  /** A choice of a token from logits that are there. */
  readonly choose: readonly Step[];
  /** The same after a run: the next one goes on after it. */
  readonly advance: readonly Step[];
  readonly blocks: { readonly settings: Block; readonly seen: Block; readonly chosen: Block };
}

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
    const crew: Crew = profile.kind === 'gpu' ? 64 : 1;
    const blocks = Math.ceil(vocab / blockSize(crew));
    let end = 0;
    const place = (name: string, words: number): Operand => {
      const block: Block = { kind: 'loop', name, bytes: 4 * words, place: { buffer: BUFFER, offset: end } };
      end += align(block.bytes);
      return { block, storage: 'u32', type: { dtype: 'i32', shape: [words] }, layout: [words] };
    };
    const memory = {
      settings: place('settings', SETTINGS_WORDS),
      chosen: place('chosen', 4),
      seen: place('seen', Math.ceil(vocab / 32)),
      best: place('best', 2 * blocks),
    };
    this.bytes = Math.max(this.bytes, end);
    const next = {
      tokens,
      positions,
      axes: Number(positions.type.shape.length === 3 ? positions.type.shape[0] : 1),
      lengths: lengthsAfter(program, entry.graph),
    };
    const step = (label: string, call: KernelCall): Step => ({ ...call, label });
    const choose = step('choose', chooseInBlocks(logits, memory, vocab, crew));
    return {
      threshold: [step('threshold', findThreshold(logits, memory, vocab, profile.kind === 'gpu' ? 256 : 1))],
      choose: [choose, step('take', takeToken(memory, blocks, next, false, crew))],
      advance: [choose, step('advance', takeToken(memory, blocks, next, true, crew))],
      blocks: { settings: memory.settings.block, seen: memory.seen.block, chosen: memory.chosen.block },
    };
  }
}

function isOne({ type }: Operand): boolean {
  return type.shape.every((size) => sameDim(size, 1));
}
