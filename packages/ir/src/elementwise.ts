import { arity, broadcastShapes, inputAt, requireFloat, requireSameDType } from './infer.ts';
import type { CoreOp, Draw, Sample } from './op.ts';
import { type HostTensor, makeTensor, stridesOf } from './tensor.ts';
import type { TensorType } from './types.ts';

/** Attributes of an op that has none. */
export type NoAttrs = Readonly<Record<string, never>>;

/** A float op applied to each element. */
export function unaryOp<const N extends string>(
  name: N,
  summary: string,
  compute: (x: number) => number,
  draw: Draw = 'normal',
): CoreOp<NoAttrs> & { readonly name: N } {
  return {
    kind: 'core',
    name,
    summary,
    infer(inputs) {
      arity(inputs, 1);
      requireFloat(...inputs);
      return [inputAt(inputs, 0)];
    },
    reference(inputs) {
      const { dtype, shape, data } = inputAt(inputs, 0);
      return [makeTensor(dtype, shape, (i) => compute(data[i] ?? 0))];
    },
    samples: [
      { name: 'matrix', inputs: [{ type: 'f32[3 5]', draw }], attrs: {} },
      { name: 'scalar', inputs: [{ type: 'f32[]', draw }], attrs: {} },
      { name: 'empty', inputs: [{ type: 'f32[0 4]' }], attrs: {} },
    ],
  };
}

interface BinaryOptions {
  readonly allow?: (type: TensorType) => void;
  readonly result?: (type: TensorType) => TensorType['dtype'];
  readonly right?: Draw;
  readonly integers?: boolean;
}

/** An op on two tensors of one dtype that broadcast (NumPy's rule). */
export function binaryOp<const N extends string>(
  name: N,
  summary: string,
  compute: (x: number, y: number) => number,
  options: BinaryOptions = {},
): CoreOp<NoAttrs> & { readonly name: N } {
  const right = options.right ?? 'normal';
  const integer: Sample<NoAttrs> = {
    name: 'integers',
    inputs: [
      { type: 'i32[6]', values: [-7, -1, 0, 3, 9, 100] },
      { type: 'i32[6]', values: [2, 5, 1, 3, -4, 7] },
    ],
    attrs: {},
  };
  return {
    kind: 'core',
    name,
    summary,
    infer(inputs) {
      arity(inputs, 2);
      const [x, y] = [inputAt(inputs, 0), inputAt(inputs, 1)];
      requireSameDType(x, y);
      options.allow?.(x);
      return [{ dtype: options.result?.(x) ?? x.dtype, shape: broadcastShapes(x.shape, y.shape) }];
    },
    reference(inputs, _attrs, outputs) {
      const { dtype, shape } = inputAt(outputs, 0);
      const readers = inputs.map((input) => broadcastReader(input, shape));
      const [x, y] = [inputAt(readers, 0), inputAt(readers, 1)];
      return [makeTensor(dtype, shape, (i) => compute(x(i), y(i)))];
    },
    samples: [
      { name: 'same shape', inputs: [{ type: 'f32[3 5]' }, { type: 'f32[3 5]', draw: right }], attrs: {} },
      { name: 'row', inputs: [{ type: 'f32[2 3 5]' }, { type: 'f32[5]', draw: right }], attrs: {} },
      { name: 'outer', inputs: [{ type: 'f32[4 1]' }, { type: 'f32[1 3]', draw: right }], attrs: {} },
      { name: 'scalar', inputs: [{ type: 'f32[2 3]' }, { type: 'f32[]', draw: right }], attrs: {} },
      { name: 'empty', inputs: [{ type: 'f32[0 3]' }, { type: 'f32[3]', draw: right }], attrs: {} },
      ...((options.integers ?? true) ? [integer] : []),
    ],
  };
}

/** Reads `input` at flat index `i` of the broadcast `shape`. */
export function broadcastReader(input: HostTensor, shape: readonly number[]): (index: number) => number {
  const own = stridesOf(input.shape);
  const out = stridesOf(shape);
  const offset = shape.length - input.shape.length;
  const axes = input.shape
    .map((size, axis) => ({ size, stride: own[axis] ?? 0, divisor: out[axis + offset] ?? 1 }))
    .filter((axis) => axis.size !== 1);
  return (index) => {
    let at = 0;
    for (const { size, stride, divisor } of axes) at += (Math.floor(index / divisor) % size) * stride;
    return input.data[at] ?? 0;
  };
}
