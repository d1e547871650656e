import { ops } from '@casement/ir';
import { emit } from '../emit.ts';
import { callerOf } from '../place.ts';
import type { Dim, FloatDType } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

export interface Pool2dOptions<H extends Dim = Dim, W extends Dim = Dim> {
  /** Height and width of a window. */
  readonly size: number | readonly [height: number, width: number];
  /** Steps down and right; the size unless given, so that windows touch. */
  readonly stride?: number | readonly [down: number, right: number];
  /** What the result's height and width are called, where they are not x's: `['floor(height/2)', 'floor(width/2)']`. */
  readonly to?: readonly [H, W];
}

export interface Conv2dOptions<H extends Dim = Dim, W extends Dim = Dim> {
  /** Steps down and right; 1 unless given. */
  readonly stride?: number | readonly [down: number, right: number];
  /** Rows and columns of zeros around x; none unless given. */
  readonly padding?: number | readonly [top: number, left: number, bottom: number, right: number];
  /** What the result's height and width are called, where they are not x's: `['floor(height/4)', 'floor(width/4)']`. */
  readonly to?: readonly [H, W];
}

/**
 * Cross-correlation, as PyTorch's Conv2d: x [batch channels height width], weight [out channels/groups kh kw], bias
 * [out] → [batch out …]. The weight says how many groups there are; a depthwise one is [channels 1 kh kw]. The result's
 * sizes are floor((height + padding - kh)/stride) + 1; declare a height and width that inputs decide with a `min` that
 * the kernel fits into.
 */
export function conv2d<
  T extends FloatDType,
  B extends Dim,
  H extends Dim,
  W extends Dim,
  O extends Dim,
  const H2 extends Dim = H,
  const W2 extends Dim = W,
>(
  x: Tensor<T, readonly [B, Dim, H, W]>,
  weight: Tensor<NoInfer<T>, readonly [O, Dim, Dim, Dim]>,
  bias: Tensor<NoInfer<T>, readonly [NoInfer<O>]> | undefined,
  { stride = 1, padding = 0, to }: Conv2dOptions<H2, W2> = {},
): Tensor<T, readonly [B, O, H2, W2]> {
  const attrs = {
    stride: both(stride),
    padding: typeof padding === 'number' ? [padding, padding, padding, padding] : padding,
  };
  const [batch, , height, width] = x.shape;
  const shape = [batch, weight.shape[0], ...(to ?? [height, width])];
  return emit(callerOf(conv2d), ops.conv2d, bias ? [x, weight, bias] : [x, weight], attrs, x.dtype, shape);
}

type Pool2d = <
  T extends FloatDType,
  B extends Dim,
  C extends Dim,
  H extends Dim,
  W extends Dim,
  const H2 extends Dim = H,
  const W2 extends Dim = W,
>(
  x: Tensor<T, readonly [B, C, H, W]>,
  options: Pool2dOptions<H2, W2>,
) => Tensor<T, readonly [B, C, H2, W2]>;

function pool2d(name: 'maxPool2d' | 'meanPool2d'): Pool2d {
  const op: Pool2d = (x, { size, stride = size, to }) => {
    const [batch, channels, height, width] = x.shape;
    const attrs = { size: both(size), stride: both(stride) };
    return emit(callerOf(op), ops[name], [x], attrs, x.dtype, [batch, channels, ...(to ?? [height, width])]);
  };
  return op;
}

/** The maximum of each window of x [batch channels height width]; what is left over at the ends is dropped. */
export const maxPool2d = pool2d('maxPool2d');
/** The mean of each window of x. */
export const meanPool2d = pool2d('meanPool2d');

function both(count: number | readonly [number, number]): readonly [number, number] {
  return typeof count === 'number' ? [count, count] : count;
}
