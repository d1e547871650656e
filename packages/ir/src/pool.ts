import { arity, dimAt, inputAt, requireFloat, requireRank } from './infer.ts';
import type { CoreOp } from './op.ts';
import { makeTensor } from './tensor.ts';
import { requireCounts, requireWindow, windowPlaces } from './window.ts';

/** Both [down, right]. */
export type PoolAttrs = { readonly size: readonly number[]; readonly stride: readonly number[] };

/** An op that turns each window of an image [batch channels height width] into one number, channel by channel. */
export function poolOp<const N extends string>(
  name: N,
  summary: string,
  reduce: (window: readonly number[]) => number,
): CoreOp<PoolAttrs> & { readonly name: N } {
  return {
    kind: 'core',
    name,
    summary,
    infer(inputs, { size, stride }) {
      arity(inputs, 1);
      const x = inputAt(inputs, 0);
      requireFloat(x);
      requireRank(x, 4, 'x');
      requireCounts(size, 2, 1, 'the size');
      requireCounts(stride, 2, 1, 'the stride');
      const places = [0, 1].map((i) => windowPlaces(dimAt(x.shape, i + 2), 0, size[i] ?? 1, stride[i] ?? 1));
      return [{ dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...places] }];
    },
    reference(inputs, { size, stride }, outputs) {
      const { shape: full, data } = inputAt(inputs, 0);
      const { dtype, shape } = inputAt(outputs, 0);
      const [, , height = 1, width = 1] = full;
      const [, , rows = 1, columns = 1] = shape;
      const [[windowHeight = 1, windowWidth = 1], [down = 1, right = 1]] = [size, stride];
      requireWindow(height, 0, windowHeight);
      requireWindow(width, 0, windowWidth);
      return [
        makeTensor(dtype, shape, (i) => {
          const [plane, row, column] = [Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows, i % columns];
          const start = (plane * height + row * down) * width + column * right;
          const window = Array.from({ length: windowHeight * windowWidth }, (_, j) => {
            return data[start + Math.floor(j / windowWidth) * width + (j % windowWidth)] ?? 0;
          });
          return reduce(window);
        }),
      ];
    },
    samples: [
      { name: 'halves', inputs: [{ type: 'f32[2 3 4 6]' }], attrs: { size: [2, 2], stride: [2, 2] } },
      {
        name: 'overlapping, something left over',
        inputs: [{ type: 'f32[1 2 6 7]' }],
        attrs: { size: [3, 2], stride: [2, 3] },
      },
      { name: 'the whole image', inputs: [{ type: 'f32[2 3 4 5]' }], attrs: { size: [4, 5], stride: [1, 1] } },
    ],
  };
}
