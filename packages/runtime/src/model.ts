import type { BufferSet } from './buffers.ts';
import { type DeviceFate, deviceLost, fateOf } from './deviceFate.ts';
import { bindDims, lengthsAfter } from './dims.ts';
import { encodeSteps, listFor, type PreparedEntry, type PreparedList, type PreparedLoop, type Step } from './entry.ts';
import { lostError, RuntimeError } from './error.ts';
import type { BufferKind, EntrySignature, Plan, PlanSignature } from './format/plan.ts';
import { checkInputs } from './inputs.ts';
import { ReadBack, type RunResult, type Wanted } from './readback.ts';
import type { DimValues } from './size.ts';
import { StateLengths } from './states.ts';
import { explained, submit } from './submit.ts';
import { type HostTensor, type HostTensors, toDevice } from './tensor.ts';
import type { TokenChoice } from './tokenChoice.ts';
import { choiceSteps, type LoopStart, ResultRing, TokenLoop, whyNotChosen } from './tokenLoop.ts';

export interface RunOptions {
  /** Outputs to bring to the host; default: all. */
  readonly outputs?: readonly string[];
  /** Stops a run that has not begun. */
  readonly signal?: AbortSignal;
}

/** Tokens that a model chooses on the device, one after another. */
export interface Decoding {
  /**
   * The next token, which the model is reading: the states are as long as after it. Throws RuntimeError when they are
   * full, the device is lost, or something else has run since, and RangeError when no logit is a number.
   */
  next(): Promise<number>;
  /** Logits after the newest token. */
  logits(): Promise<HostTensor>;
  /** Puts these logits aside, on the device, so that `logits` can bring them after something else has run, too. */
  hold(): Promise<void>;
}

/** What a loaded model is made of; `loadBundle` puts it together. */
export interface ModelParts {
  readonly device: GPUDevice;
  readonly ownsDevice: boolean;
  readonly plan: Plan;
  readonly variant: string;
  readonly variantReason: string;
  readonly buffers: BufferSet;
  readonly entries: ReadonlyMap<string, PreparedEntry>;
}

/** The name under which plans know the buffer of dims and inputs. */
const INPUTS = 'inputs';

/**
 * A model on a device. It owns the states; runs are serial. A call that does not fit the signature is refused before
 * anything changes. After `dispose`, or once the device is lost, every call throws RuntimeError.
 */
export class WebGpuModel {
  private readonly states: StateLengths;
  private readonly readBack: ReadBack;
  /** Logits that are put aside. */
  private readonly aside: ReadBack;
  /** The loop whose they are, and what brings them. */
  private held: { readonly loop: TokenLoop; readonly read: () => Promise<RunResult> } | undefined;
  private readonly fate: DeviceFate;
  private disposed = false;
  private disposal: Promise<void> | undefined;
  private tail: Promise<unknown> = Promise.resolve();
  /** Counts what has run, so that a loop knows whether it is still alone. */
  private turn = 0;
  private resets = 0;
  /** There if an entry chooses tokens by itself. */
  private readonly ring: ResultRing | undefined;

  constructor(private readonly parts: ModelParts) {
    this.states = new StateLengths(parts.plan.signature);
    this.readBack = new ReadBack(parts.device);
    this.aside = new ReadBack(parts.device);
    const loops = [...parts.entries.values()].some(({ special }) => special.some(({ loop }) => loop));
    this.ring = loops ? new ResultRing(parts.device) : undefined;
    this.fate = fateOf(parts.device);
  }

  get name(): string {
    return this.parts.plan.name;
  }

  get signature(): PlanSignature {
    return this.parts.plan.signature;
  }

  /** Which of the plan's variants runs. */
  get variant(): string {
    return this.parts.variant;
  }

  /** Why that one, in words. */
  get variantReason(): string {
    return this.parts.variantReason;
  }

  /** Current length of every growing dim. */
  get lengths(): DimValues {
    return this.states.current;
  }

  /** Bytes of device memory by kind. */
  get memory(): Record<BufferKind | 'readBack', number> {
    return { ...this.parts.buffers.memory, readBack: this.readBack.bytes + this.aside.bytes + (this.ring?.bytes ?? 0) };
  }

  /** Runs an entry, updates the states it touches and returns outputs as host tensors. */
  run(entry: string, inputs: HostTensors, options: RunOptions = {}): Promise<Record<string, HostTensor>> {
    return this.serially(() => this.runNow(entry, inputs, options));
  }

  /** Empties the states counted by `dim`, or all states. */
  reset(dim?: string): Promise<void> {
    return this.serially(async () => {
      this.resets++;
      this.states.reset(dim);
    });
  }

  /** Why `decode` would not choose an entry's tokens like that, in words; undefined: it would. */
  whyNotDecode(entry: string, choice: TokenChoice): string | undefined {
    const { prepared } = this.entry(entry);
    const loop = prepared.special.find((list) => list.loop !== undefined)?.loop;
    if (loop) return whyNotChosen(loop, choice);
    return `${entry} gives no logits for one token from input_ids and position_ids alone`;
  }

  /**
   * Lets an entry that reads a token at a time choose its tokens on the device, from logits on. Undefined where it cannot
   * (`whyNotDecode` says why); then the host chooses from logits. The states grow with every token. The first choice of
   * its kind compiles what it needs.
   */
  decode(entry: string, start: LoopStart): Promise<Decoding | undefined> {
    return this.serially(async () => {
      const { signature, prepared } = this.entry(entry);
      const list = prepared.special.find(({ loop }) => loop !== undefined);
      const positions = prepared.plan.inputs.position_ids;
      const axes = signature.inputs.position_ids?.shape ?? [];
      if (!list?.loop || !positions || !this.ring || whyNotChosen(list.loop, start.choice)) return undefined;
      const dims = new Map([...this.lengths, ...Object.entries(list.when)]);
      this.states.check(entry, signature, dims);
      const { device, buffers } = this.parts;
      const steps = await this.readySteps(list.loop, start.choice);
      const bytes = 4 * (axes.length === 3 ? Number(axes[0]) : 1);
      const parts = {
        device,
        buffers,
        entry,
        signature: this.signature,
        list,
        loop: list.loop,
        steps,
        ring: this.ring,
      };
      const loop = new TokenLoop({ ...parts, positions: { ...positions, bytes } }, dims);
      loop.start(start);
      return this.decoding(entry, signature, list, loop, ++this.turn);
    });
  }

  /** Frees every buffer once the runs under way are done. */
  dispose(): Promise<void> {
    this.disposal ??= this.enqueue(async () => {
      this.disposed = true;
      this.readBack.destroy();
      this.aside.destroy();
      this.ring?.destroy();
      this.parts.buffers.destroy();
      if (this.parts.ownsDevice) this.parts.device.destroy();
    });
    return this.disposal;
  }

  private async readySteps(loop: PreparedLoop, choice: TokenChoice): Promise<readonly Step[]> {
    try {
      return await choiceSteps(loop, choice);
    } catch (error) {
      throw await deviceLost(this.parts.device, error);
    }
  }

  /** A loop, as long as nothing else runs: that would leave other inputs on the device. */
  private decoding(
    entry: string,
    signature: EntrySignature,
    list: PreparedList,
    loop: TokenLoop,
    turn: number,
  ): Decoding {
    const { device, buffers } = this.parts;
    const requireAlone = () => {
      if (turn !== this.turn)
        throw new RuntimeError('call', `${entry}: something else has run since; start to decode anew`);
    };
    const copyLogits = (encoder: GPUCommandEncoder, to: ReadBack) =>
      to.encode(encoder, buffers, wantedFrom(list, signature, ['logits']), loop.current, undefined);
    const { resets } = this;
    return {
      next: () =>
        this.serially(async () => {
          requireAlone();
          if (resets !== this.resets)
            throw new RuntimeError('call', `${entry}: states were reset; start to decode anew`);
          if (this.held?.loop === loop) this.held = undefined;
          try {
            return await loop.next();
          } finally {
            this.states.update(signature, loop.current, lengthsOf(signature, loop.current));
          }
        }),
      logits: () =>
        this.serially(async () => {
          const held = this.held?.loop === loop ? this.held.read : undefined;
          if (!held) requireAlone();
          const read = held?.() ?? submit(device, entry, (encoder) => copyLogits(encoder, this.readBack));
          const { outputs } = await explained(device, entry, read);
          if (outputs.logits) return outputs.logits;
          throw new RuntimeError('call', `${entry} has no output "logits"`);
        }),
      hold: () =>
        this.serially(async () => {
          if (this.held?.loop === loop) return;
          requireAlone();
          this.held = undefined; // what another loop put aside is overwritten
          const copied = submit(device, entry, (encoder) => {
            const read = copyLogits(encoder, this.aside);
            return async () => read;
          });
          try {
            this.held = { loop, read: await explained(device, entry, copied) };
          } catch (error) {
            this.aside.destroy(); // as a read-back that fails does: the next one tries anew
            throw error;
          }
        }),
    };
  }

  private serially<T>(work: () => Promise<T>): Promise<T> {
    return this.enqueue(() => {
      this.requireUsable();
      return work();
    });
  }

  private enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.tail.then(work);
    this.tail = result.catch(() => undefined);
    return result;
  }

  private async runNow(name: string, inputs: HostTensors, options: RunOptions): Promise<Record<string, HostTensor>> {
    const { signature, prepared } = this.entry(name);
    checkInputs(name, signature, inputs);
    requireOutputs(name, signature, options.outputs);
    const dims = bindDims(this.signature, name, signature, inputs, this.lengths);
    this.states.check(name, signature, dims);
    options.signal?.throwIfAborted();
    const result = await this.execute(name, signature, prepared, inputs, options.outputs, dims);
    this.states.update(signature, result.dims, lengthsAfter(signature, result.dims));
    return result.outputs;
  }

  private execute(
    name: string,
    signature: EntrySignature,
    prepared: PreparedEntry,
    inputs: HostTensors,
    outputs: readonly string[] | undefined,
    dims: DimValues,
  ): Promise<RunResult> {
    const { device, buffers } = this.parts;
    const list = listFor(prepared, dims);
    this.turn++;
    const results = submit(device, name, (encoder) => {
      this.write(prepared, inputs, dims);
      const pass = encoder.beginComputePass({ label: name });
      encodeSteps(pass, list.steps, dims, device.limits.maxComputeWorkgroupsPerDimension);
      pass.end();
      const counted = signature.counted && { buffer: INPUTS, names: Object.keys(this.signature.dims) };
      return this.readBack.encode(encoder, buffers, wantedFrom(list, signature, outputs), dims, counted);
    });
    return explained(device, name, results);
  }

  private write({ plan }: PreparedEntry, inputs: HostTensors, dims: DimValues): void {
    const { device, buffers } = this.parts;
    const values = Uint32Array.from(Object.keys(this.signature.dims), (dim) => dims.get(dim) ?? 0);
    if (values.length > 0) device.queue.writeBuffer(buffers.get(INPUTS), 0, values);
    for (const [name, { buffer, offset }] of Object.entries(plan.inputs)) {
      const tensor = inputs[name];
      // WebGPU takes memory that is not shared; HostTensor's arrays do not say so in their type.
      const data = tensor && (toDevice(tensor) as Float32Array<ArrayBuffer>);
      if (data && data.length > 0) device.queue.writeBuffer(buffers.get(buffer), offset, data);
    }
  }

  private entry(name: string): { signature: EntrySignature; prepared: PreparedEntry } {
    const [signature, prepared] = [this.signature.entries[name], this.parts.entries.get(name)];
    if (signature && prepared) return { signature, prepared };
    const known = [...this.parts.entries.keys()].join(', ');
    throw new RuntimeError('call', `"${this.name}" has no entry "${name}"; its entries are ${known}`);
  }

  private requireUsable(): void {
    if (this.disposed) throw new RuntimeError('disposed', `"${this.name}" was disposed; load it again`);
    if (this.fate.lost) throw lostError(this.fate.lost);
  }
}

/** Throws RuntimeError when a run shall bring an output that its entry does not have. */
function requireOutputs(entry: string, { outputs }: EntrySignature, names: readonly string[] | undefined): void {
  const unknown = names?.find((name) => outputs[name] === undefined);
  if (unknown === undefined) return;
  const known = Object.keys(outputs).join(', ');
  throw new RuntimeError('call', `${entry} has no output "${unknown}"; its outputs are ${known}`);
}

/** Outputs of the list that runs; default: all. */
function wantedFrom(
  list: PreparedList,
  { outputs }: EntrySignature,
  names: readonly string[] = Object.keys(outputs),
): Wanted[] {
  return names.flatMap((name) => {
    const [signature, range] = [outputs[name], list.outputs[name]];
    return signature && range ? [{ name, signature, range }] : [];
  });
}

/** Lengths of the growing dims that an entry changes. */
function lengthsOf({ lengths }: EntrySignature, dims: DimValues): DimValues {
  return new Map(Object.keys(lengths).map((dim) => [dim, dims.get(dim) ?? 0]));
}
