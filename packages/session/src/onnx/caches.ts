import type { OnnxTarget, StateSpec } from '@casement/runtime';
import { Tensor } from 'onnxruntime-node';
import type { ModelSignature } from '../executor.ts';
import { allocate } from './tensors.ts';

/** States that are held at full capacity, for several sequences: ONNX Runtime reads and writes them in place. */
export class Caches {
  private readonly buffers: ReadonlyMap<string, Buffer>;
  private readonly views = new Map<string, Tensor>();

  constructor(
    { states }: ModelSignature,
    target: OnnxTarget,
    readonly rows: number,
  ) {
    const held = states.filter(({ name }) => target.states[name]?.capacity !== undefined);
    this.buffers = new Map(held.map((state) => [state.name, makeBuffer(state, target, rows)]));
  }

  has(state: string): boolean {
    return this.buffers.has(state);
  }

  /** The caches of `count` sequences from `first` on; always the same tensor for the same sequences. */
  view(state: string, first: number, count: number): Tensor {
    const key = `${state} ${first} ${count}`;
    const known = this.views.get(key);
    if (known) return known;
    const buffer = this.buffers.get(state);
    if (buffer === undefined) throw new RangeError(`state "${state}" is not held at full capacity`);
    const { data, type, shape } = buffer;
    const size = data.length / this.rows;
    const part = data.subarray(first * size, (first + count) * size);
    const tensor = new Tensor(type, part, [count, ...shape]);
    this.views.set(key, tensor);
    return tensor;
  }
}

type Buffer = ReturnType<typeof allocate> & {
  /** Of one sequence, without the axis that counts them. */
  readonly shape: readonly number[];
};

function makeBuffer(state: StateSpec, target: OnnxTarget, rows: number): Buffer {
  const { perm = [], capacity = 0 } = target.states[state.name] ?? {};
  // Sizes other than the length are fixed, or the state would not be held at full capacity.
  const [, ...shape] = perm.map((axis) => (axis === state.axis ? capacity : Number(state.shape[axis])));
  return { shape, ...allocate(state.dtype, rows * shape.reduce((product, size) => product * size, 1)) };
}
