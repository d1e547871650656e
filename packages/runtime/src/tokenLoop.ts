import type { BufferSet } from './buffers.ts';
import { checkCapacities, lengthsAfter } from './dims.ts';
import { encodeSteps, type PreparedLoop, type PreparedSpecial, type Step } from './entry.ts';
import { RuntimeError } from './error.ts';
import type { BufferRange, EntrySignature, PlanSignature } from './format/plan.ts';
import { BufferUsage, MAP_READ } from './gpu-constants.ts';
import { type DimValues, evaluateSize } from './size.ts';
import { explained, submit } from './submit.ts';
import { factWords, isCut, isScored, settingWords, type TokenChoice } from './tokenChoice.ts';

/** What a loop starts from. */
export interface LoopStart {
  /** Logits of the token to be chosen first, [vocab]. */
  readonly logits: Float32Array;
  /** Position of the first token that is read, for each axis of the positions. */
  readonly position: number;
  readonly choice: TokenChoice;
}

/** What a loop needs of its model. */
export interface LoopParts {
  readonly device: GPUDevice;
  readonly buffers: BufferSet;
  readonly entry: string;
  readonly signature: PlanSignature;
  readonly list: PreparedSpecial;
  readonly loop: PreparedLoop;
  /** What chooses a token, of the loop's steps. */
  readonly steps: readonly Step[];
  /** Where `input_ids` and `position_ids` lie. */
  readonly positions: BufferRange;
  /** Buffers for results on their way to the host; they live as long as the model. */
  readonly ring: ResultRing;
}

/** Why a loop cannot choose like that, in words; undefined: it can. */
export function whyNotChosen({ plan }: PreparedLoop, { noRepeat }: TokenChoice): string | undefined {
  const most = plan.newest.bytes / 4;
  if (noRepeat === undefined || noRepeat.window <= most) return undefined;
  return `noRepeat.window is ${noRepeat.window}: the device looks back on at most ${most} tokens`;
}

/** The steps that choose a token, made ready if they were not. Throws RuntimeError when the device refuses them. */
export async function choiceSteps(loop: PreparedLoop, choice: TokenChoice): Promise<readonly Step[]> {
  const { score, threshold, choose } = isScored(choice) ? loop.plan.scored : loop.plan.plain;
  const lists = isCut(choice) ? [score, threshold, choose] : [score, choose];
  return (await Promise.all(lists.map(loop.steps))).flat();
}

/** A choice that is not a number. */
const NO_TOKEN = 0xffffffff;

/**
 * Tokens that follow each other on the device: each run reads the token that the run before has chosen. The host only
 * learns which ones they are: a run is on its way while the one before it is still read back.
 */
export class TokenLoop {
  private pending: Promise<() => number> | undefined;

  constructor(
    private readonly parts: LoopParts,
    private dims: DimValues,
  ) {}

  /** Chooses the first token. Throws RuntimeError, before anything is written, for what does not fit the vocabulary. */
  start({ logits, position, choice }: LoopStart): void {
    const { device, buffers, loop, positions, signature, steps } = this.parts;
    const write = ({ buffer, offset }: BufferRange, data: Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>) =>
      device.queue.writeBuffer(buffers.get(buffer), offset, data);
    const range = this.logitsRange(logits.length);
    if (isScored(choice)) {
      write(loop.plan.facts, factWords(choice, logits.length));
      write(loop.plan.newest, Uint32Array.from(choice.noRepeat?.newest ?? []));
    }
    write(loop.plan.settings, settingWords(choice));
    const values = Object.keys(signature.dims).map((name) => this.dims.get(name) ?? 0);
    device.queue.writeBuffer(buffers.get('inputs'), 0, Uint32Array.from(values));
    write(positions, new Uint32Array(positions.bytes / 4).fill(position));
    write(range, Float32Array.from(logits));
    this.pending = this.submit([steps]);
  }

  /**
   * The next token. It is being read by the model already, and the states are as long as after it. Throws RuntimeError
   * when the caches are full or the device is lost, RangeError when the model gave no numbers.
   */
  async next(): Promise<number> {
    const { device, list, entry, signature, steps } = this.parts;
    const chosen = this.pending;
    if (chosen === undefined) throw new RuntimeError('call', `${entry}: the loop has ended; start to decode anew`);
    const before = this.dims;
    const after = lengthsAfter(this.entrySignature, before);
    checkCapacities(signature, entry, after);
    this.pending = this.submit([list.steps, steps]);
    this.dims = new Map([...before, ...after]);
    const token = (await explained(device, entry, chosen))();
    if (token !== NO_TOKEN) return token;
    // The run under way has read no token that anybody chose: the states do not count it, and the loop is over.
    [this.dims, this.pending] = [before, undefined];
    throw new RangeError(`${entry}: no logit is a number above −∞: the model gave none`);
  }

  /** All dims, as the next run finds them. */
  get current(): DimValues {
    return this.dims;
  }

  private get entrySignature(): EntrySignature {
    const { signature, entry } = this.parts;
    const found = signature.entries[entry];
    if (found === undefined) throw new RuntimeError('call', `there is no entry "${entry}"`);
    return found;
  }

  /** Where the logits lie. Throws RuntimeError when they are not as many as the start gives. */
  private logitsRange(given: number): BufferRange {
    const { entry, list } = this.parts;
    const [range, output] = [list.outputs.logits, this.entrySignature.outputs.logits];
    if (!range || !output) throw new RuntimeError('call', `${entry} has no output "logits"`);
    const vocab = output.shape.reduce<number>((count, size) => count * evaluateSize(size, this.dims), 1);
    if (given === vocab) return range;
    throw new RuntimeError(
      'call',
      `${entry}: a loop starts from ${vocab} logits, those of one token; ${given} were given`,
    );
  }

  private submit(lists: readonly (readonly Step[])[]): Promise<() => number> {
    const { device, buffers, entry, loop, ring } = this.parts;
    const word = submit(device, entry, (encoder) => {
      const pass = encoder.beginComputePass({ label: entry });
      for (const steps of lists) encodeSteps(pass, steps, this.dims, device.limits.maxComputeWorkgroupsPerDimension);
      pass.end();
      const { buffer, offset } = loop.plan.chosen;
      return ring.encode(encoder, buffers.get(buffer), offset);
    });
    // A loop may be left at any time, and its model disposed of: only who waits for the word sees its error.
    word.catch(() => undefined);
    return word;
  }
}

/** Results that may be on their way at once: one is read back while the next one is computed, and one is unmapped. */
const RING = 3;

/** Small buffers for words on their way to the host, used in turn. */
export class ResultRing {
  private readonly buffers: readonly GPUBuffer[];
  private turn = 0;

  constructor(device: GPUDevice) {
    const usage = BufferUsage.mapRead | BufferUsage.copyTarget;
    this.buffers = Array.from({ length: RING }, (_, i) => {
      return device.createBuffer({ label: `chosen token ${i}`, size: 4, usage });
    });
  }

  get bytes(): number {
    return 4 * RING;
  }

  /** Records the copy of a word; the result waits for it, once the commands were submitted, and then reads it. */
  encode(encoder: GPUCommandEncoder, from: GPUBuffer, offset: number): () => Promise<() => number> {
    const target = this.buffers[this.turn % RING];
    this.turn++;
    if (target === undefined) throw new RangeError('an empty ring');
    // Left by a loop whose last result nobody asked for.
    if (target.mapState !== 'unmapped') target.unmap();
    encoder.copyBufferToBuffer(from, offset, target, 0, 4);
    return async () => {
      await target.mapAsync(MAP_READ);
      return () => {
        const [word = NO_TOKEN] = new Uint32Array(target.getMappedRange());
        target.unmap();
        return word;
      };
    };
  }

  destroy(): void {
    for (const buffer of this.buffers) buffer.destroy();
  }
}
