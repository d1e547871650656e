import type { BufferSet } from './buffers.ts';
import { checkCapacities, lengthsAfter } from './dims.ts';
import { encodeSteps, type PreparedLoop, type PreparedSpecial, type Step } from './entry.ts';
import { RuntimeError } from './error.ts';
import type { BufferRange, EntrySignature, PlanSignature } from './format/plan.ts';
import { BufferUsage, MAP_READ } from './gpu-constants.ts';
import { type DimValues, evaluateSize } from './size.ts';
import { explained, submit } from './submit.ts';

/** How tokens are chosen on the device. */
export interface TokenChoice {
  /** 0 (default): the likeliest token; else tokens are drawn with the probabilities softmax(logits / temperature). */
  readonly temperature?: number;
  /** Draws from the k likeliest only, and from those equal to the last of them; 0 (default): from all. */
  readonly topK?: number;
  /** The same seed gives the same tokens for the same logits; its lower 32 bits count. Default 0. */
  readonly seed?: number;
  /** Where in the numbers of a seed to go on, so that several starts with one seed draw differently. Default 0. */
  readonly drawn?: number;
  /** Above 1 makes tokens less likely that were read or written. Default 1. */
  readonly repetitionPenalty?: number;
  /** Tokens that were read or written before, for the penalty. */
  readonly history?: Iterable<number>;
}

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
  /** Where `input_ids` and `position_ids` lie. */
  readonly positions: BufferRange;
  /** Buffers for results on their way to the host; they live as long as the model. */
  readonly ring: ResultRing;
}

/** A choice that is not a number. */
const NO_TOKEN = 0xffffffff;

/**
 * Tokens that follow each other on the device: each run reads the token that the run before has chosen. The host only
 * learns which ones they are: a run is on its way while the one before it is still read back.
 */
export class TokenLoop {
  private pending: Promise<() => number> | undefined;
  private topK = false;

  constructor(
    private readonly parts: LoopParts,
    private dims: DimValues,
  ) {}

  /** Chooses the first token. */
  start({ logits, position, choice }: LoopStart): void {
    const { device, buffers, loop, positions, signature } = this.parts;
    const write = ({ buffer, offset }: BufferRange, data: Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>) =>
      device.queue.writeBuffer(buffers.get(buffer), offset, data);
    const { temperature = 0, topK = 0, seed = 0, drawn = 0, repetitionPenalty = 1, history = [] } = choice;
    const floats = Float32Array.of(temperature, repetitionPenalty);
    const [temperatureBits = 0, penaltyBits = 0] = new Uint32Array(floats.buffer);
    write(loop.plan.settings, Uint32Array.of(temperatureBits, seed >>> 0, drawn >>> 0, topK, penaltyBits, 0));
    const seen = new Uint32Array(loop.plan.seen.bytes / 4);
    if (repetitionPenalty !== 1)
      for (const token of history) seen[token >> 5] = (seen[token >> 5] ?? 0) | (1 << (token & 31));
    write(loop.plan.seen, seen);
    const values = Object.keys(signature.dims).map((name) => this.dims.get(name) ?? 0);
    device.queue.writeBuffer(buffers.get('inputs'), 0, Uint32Array.from(values));
    write(positions, new Uint32Array(positions.bytes / 4).fill(position));
    write(this.logitsRange(logits.length), Float32Array.from(logits));
    this.topK = temperature > 0 && topK > 0;
    this.pending = this.submit([this.topK ? loop.threshold : [], loop.choose]);
  }

  /**
   * The next token. It is being read by the model already, and the states are as long as after it. Throws RuntimeError
   * when the caches are full or the device is lost, RangeError when the model gave no numbers.
   */
  async next(): Promise<number> {
    const { device, loop, list, entry, signature } = this.parts;
    const chosen = this.pending;
    if (chosen === undefined) throw new RuntimeError('call', `${entry}: the loop has ended; start to decode anew`);
    const before = this.dims;
    const after = lengthsAfter(this.entrySignature, before);
    checkCapacities(signature, entry, after);
    this.pending = this.submit([list.steps, this.topK ? loop.threshold : [], loop.advance]);
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
