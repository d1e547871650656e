import koffi from 'koffi';
import { Tensor } from 'onnxruntime-node';
import type { RuntimeSession } from '../runtimeSession.ts';
import { OrtApi, type Pointer } from './ortApi.ts';

export interface NativeOptions {
  /** Threads within an op; by default as many as there are cores. */
  readonly threads: number | undefined;
  /** ONNX Runtime's session configuration. */
  readonly config: Readonly<Record<string, string>>;
}

/** ONNXTensorElementDataType of the types that tensors of this package have. */
const TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float16: 10 } as const;
type TypeName = keyof typeof TYPES;

const QUIET = 4;
const DEVICE_ALLOCATOR = 0;
const DEFAULT_MEMORY = 0;

/**
 * A model in ONNX Runtime, through its C API. `onnxruntime-node` copies every tensor that a run gives, those that were
 * given to write into, too: for caches that would be hundreds of megabytes per token. Here ONNX Runtime reads and
 * writes JavaScript's own memory, and runs on another thread than JavaScript.
 */
export class NativeSession implements RuntimeSession {
  readonly inputMetadata: RuntimeSession['inputMetadata'];
  readonly outputNames: readonly string[];
  private readonly memory: Pointer;
  /** Runs that are under way: another thread uses the session. */
  private readonly running = new Set<Promise<unknown>>();
  private released: Promise<void> | undefined;

  /** Throws when the model cannot be loaded. */
  static load(library: string, path: string, { threads, config }: NativeOptions): NativeSession {
    const api = new OrtApi(library);
    const env = api.read<Pointer>('createEnv', QUIET, 'casement');
    try {
      const options = api.read<Pointer>('createSessionOptions');
      try {
        api.call('setLogSeverity', options, QUIET);
        if (threads !== undefined) api.call('setThreads', options, threads);
        for (const [key, value] of Object.entries(config)) api.call('addConfigEntry', options, key, value);
        const session = api.read<Pointer>('createSession', env, path, options);
        try {
          return new NativeSession(api, env, session);
        } catch (error) {
          api.release('releaseSession', session);
          throw error;
        }
      } finally {
        api.release('releaseSessionOptions', options);
      }
    } catch (error) {
      api.release('releaseEnv', env);
      throw error;
    }
  }

  private constructor(
    private readonly api: OrtApi,
    private readonly env: Pointer,
    private readonly session: Pointer,
  ) {
    this.inputMetadata = this.names('inputCount', 'inputName').map((name, index) => ({
      name,
      isTensor: true,
      type: this.inputType(index),
    }));
    this.outputNames = this.names('outputCount', 'outputName');
    this.memory = api.read('createCpuMemoryInfo', DEVICE_ALLOCATOR, DEFAULT_MEMORY); // last: nothing throws after it
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: Readonly<Record<string, Tensor | null>>,
  ): Promise<Record<string, Tensor>> {
    if (this.released) throw new Error('the model was released');
    const run = this.compute(feeds, fetches);
    this.running.add(run);
    try {
      return await run;
    } finally {
      this.running.delete(run);
    }
  }

  /** Waits for runs that are under way; later ones throw. */
  release(): Promise<void> {
    this.released ??= this.releaseOnce();
    return this.released;
  }

  private async compute(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: Readonly<Record<string, Tensor | null>>,
  ): Promise<Record<string, Tensor>> {
    // Every tensor is one value, so that what is read and written in place is seen to be the same.
    const values = new Map<Tensor, Pointer>();
    const made: Pointer[] = [];
    const wrapOnce = (tensor: Tensor): Pointer => {
      const value = values.get(tensor) ?? this.wrap(tensor);
      values.set(tensor, value);
      return value;
    };
    try {
      const inputs = Object.entries(feeds);
      const outputs = Object.entries(fetches);
      const given = inputs.map(([, tensor]) => wrapOnce(tensor));
      const results = outputs.map(([, tensor]) => (tensor ? wrapOnce(tensor) : null));
      const names = [inputs, outputs].map((list) => list.map(([name]) => name));
      await this.api.callAside(
        'run',
        ...[this.session, null, names[0], given, given.length, names[1], results.length, results],
      );
      outputs.forEach(([, tensor], i) => {
        const value = results[i];
        if (!tensor && value) made.push(value);
      });
      return Object.fromEntries(
        outputs.map(([name, tensor], i) => [name, tensor ?? this.copyOut(name, results[i] ?? undefined)] as const),
      );
    } finally {
      for (const value of [...values.values(), ...made]) this.api.release('releaseValue', value);
    }
  }

  private async releaseOnce(): Promise<void> {
    await Promise.allSettled(this.running);
    this.api.release('releaseSession', this.session);
    this.api.release('releaseMemoryInfo', this.memory);
    this.api.release('releaseEnv', this.env);
  }

  /** A value that looks into a tensor's memory. */
  private wrap({ type, data, dims }: Tensor): Pointer {
    const code = TYPES[type as TypeName]; // no other types are made in this package
    if (!ArrayBuffer.isView(data) || code === undefined) throw new TypeError(`no tensor of ${type} can be given`);
    // Small arrays lie in memory that the garbage collector moves, until somebody asks for their buffer.
    const bytes = data.byteLength === 0 ? new Uint8Array(new ArrayBuffer(8)) : new Uint8Array(data.buffer);
    const at = data.byteLength === 0 ? bytes : bytes.subarray(data.byteOffset, data.byteOffset + data.byteLength);
    const shape = BigInt64Array.from(dims, BigInt);
    return this.api.read('createTensor', this.memory, at, data.byteLength, shape, dims.length, code);
  }

  /** A tensor of its own memory with what a value holds. */
  private copyOut(name: string, value: Pointer | undefined): Tensor {
    if (value === undefined) throw new Error(`the model gave no "${name}"`);
    const info = this.api.read<Pointer>('typeAndShape', value);
    try {
      const code = this.api.read<number>('elementType', info);
      const rank = Number(this.api.read<number | bigint>('rank', info));
      const shape = new BigInt64Array(rank);
      if (rank > 0) this.api.call('dims', info, shape, rank);
      const dims = Array.from(shape, Number);
      const count = dims.reduce((product, size) => product * size, 1);
      const [type, size] = typeOf(code);
      const bytes = count === 0 ? new ArrayBuffer(0) : this.bytesOf(value, count * size);
      return makeTensor(type, bytes, dims);
    } finally {
      this.api.release('releaseTypeAndShape', info);
    }
  }

  private bytesOf(value: Pointer, length: number): ArrayBuffer {
    return koffi.view(this.api.read<Pointer>('tensorData', value), length).slice(0);
  }

  private names(count: 'inputCount' | 'outputCount', name: 'inputName' | 'outputName'): string[] {
    const allocator = this.api.read<Pointer>('defaultAllocator'); // belongs to ONNX Runtime
    const length = Number(this.api.read<number | bigint>(count, this.session));
    return Array.from({ length }, (_, index) => {
      const text = this.api.read<Pointer>(name, this.session, index, allocator);
      const result: string = koffi.decode(text, 'char', -1);
      this.api.call('freeByAllocator', allocator, text);
      return result;
    });
  }

  private inputType(index: number): string {
    const info = this.api.read<Pointer>('inputType', this.session, index);
    try {
      return typeOf(this.api.read<number>('elementType', this.api.read('tensorTypeOf', info)))[0];
    } finally {
      this.api.release('releaseTypeInfo', info);
    }
  }
}

const BYTES: Readonly<Record<TypeName, number>> = { float32: 4, uint8: 1, int32: 4, int64: 8, bool: 1, float16: 2 };

function typeOf(code: number): readonly [TypeName, number] {
  const found = Object.entries(TYPES).find(([, each]) => each === code);
  if (found === undefined) throw new TypeError(`the model has a tensor of ONNX type ${code}, which no dtype is`);
  const name = found[0] as TypeName; // a key of TYPES
  return [name, BYTES[name]];
}

function makeTensor(type: TypeName, bytes: ArrayBuffer, dims: readonly number[]): Tensor {
  switch (type) {
    case 'float32':
      return new Tensor(type, new Float32Array(bytes), dims);
    case 'float16':
      return new Tensor(type, new Uint16Array(bytes), dims);
    case 'int32':
      return new Tensor(type, new Int32Array(bytes), dims);
    case 'int64':
      return new Tensor(type, new BigInt64Array(bytes), dims);
    default:
      return new Tensor(type, new Uint8Array(bytes), dims);
  }
}
