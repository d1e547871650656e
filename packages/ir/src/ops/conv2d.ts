import { arity, dimAt, inputAt, requireFloat, requireRank, requireSameDType, requireShape } from '../infer.ts';
import type { CoreOp } from '../op.ts';
import { makeTensor, stridesOf } from '../tensor.ts';
import { printType, type TensorType } from '../types.ts';
import { requireCounts, requireWindow, windowPlaces } from '../window.ts';

/** `stride`: [down, right]. `padding`: rows and columns of zeros at [top, left, bottom, right]. */
export type Conv2dAttrs = { readonly stride: readonly number[]; readonly padding: readonly number[] };

export const conv2d: CoreOp<Conv2dAttrs> & { readonly name: 'conv2d' } = {
  kind: 'core',
  name: 'conv2d',
  summary:
    'Cross-correlation as in PyTorch: x [batch channels height width], weight [out channels/groups kh kw], ' +
    'bias [out] → [batch out ⌊(height + padding − kh)/stride⌋+1 …]; each group of channels makes its share of out',
  infer(inputs, { stride, padding }) {
    arity(inputs, 2, 3);
    const [x, weight, bias] = [inputAt(inputs, 0), inputAt(inputs, 1), inputs[2]];
    requireFloat(...inputs);
    requireSameDType(...inputs);
    requireRank(x, 4, 'x');
    requireRank(weight, 4, 'the weight');
    requireCounts(stride, 2, 1, 'the stride');
    requireCounts(padding, 4, 0, 'the padding');
    convGroups(x, weight);
    const [out, kernelHeight, kernelWidth] = [dimAt(weight.shape, 0), sizeAt(weight, 2), sizeAt(weight, 3)];
    if (bias) requireShape(bias, [out], 'the bias');
    const [down = 1, right = 1] = stride;
    const [top = 0, left = 0, bottom = 0, end = 0] = padding;
    const height = windowPlaces(dimAt(x.shape, 2), top + bottom, kernelHeight, down);
    const width = windowPlaces(dimAt(x.shape, 3), left + end, kernelWidth, right);
    return [{ dtype: x.dtype, shape: [dimAt(x.shape, 0), out, height, width] }];
  },
  reference(inputs, { stride, padding }, outputs) {
    const [x, weight, bias] = [inputAt(inputs, 0), inputAt(inputs, 1), inputs[2]];
    const { dtype, shape } = inputAt(outputs, 0);
    const [, channels = 1, height = 1, width = 1] = x.shape;
    const [out = 1, perGroup = 1, kernelHeight = 1, kernelWidth = 1] = weight.shape;
    const [down = 1, right = 1] = stride;
    const [top = 0, left = 0, bottom = 0, end = 0] = padding;
    requireWindow(height, top + bottom, kernelHeight);
    requireWindow(width, left + end, kernelWidth);
    const [batchStride = 1, outStride = 1, rowStride = 1] = stridesOf(shape);
    const outPerGroup = (out * perGroup) / channels;
    return [
      makeTensor(dtype, shape, (i) => {
        const [batch, o] = [Math.floor(i / batchStride), Math.floor(i / outStride) % out];
        const [row, column] = [Math.floor((i % outStride) / rowStride) * down - top, (i % rowStride) * right - left];
        const first = batch * channels + Math.floor(o / outPerGroup) * perGroup;
        let sum = bias?.data[o] ?? 0;
        for (let c = 0; c < perGroup; c++) {
          for (let ky = Math.max(0, -row); ky < Math.min(kernelHeight, height - row); ky++) {
            for (let kx = Math.max(0, -column); kx < Math.min(kernelWidth, width - column); kx++) {
              const value = x.data[((first + c) * height + row + ky) * width + column + kx] ?? 0;
              sum += value * (weight.data[((o * perGroup + c) * kernelHeight + ky) * kernelWidth + kx] ?? 0);
            }
          }
        }
        return sum;
      }),
    ];
  },
  samples: [
    {
      name: 'patches',
      inputs: [{ type: 'f32[2 3 8 4]' }, { type: 'f32[5 3 4 4]' }, { type: 'f32[5]' }],
      attrs: { stride: [4, 4], padding: [0, 0, 0, 0] },
    },
    {
      name: 'what is left over is dropped',
      inputs: [{ type: 'f32[1 2 7 5]' }, { type: 'f32[3 2 2 2]' }],
      attrs: { stride: [2, 2], padding: [0, 0, 0, 0] },
    },
    {
      name: 'same size',
      inputs: [{ type: 'f32[1 2 4 5]' }, { type: 'f32[3 2 3 3]' }, { type: 'f32[3]' }],
      attrs: { stride: [1, 1], padding: [1, 1, 1, 1] },
    },
    {
      name: 'depthwise, kernel larger than the image',
      inputs: [{ type: 'f32[1 4 3 2]' }, { type: 'f32[4 1 7 7]' }, { type: 'f32[4]' }],
      attrs: { stride: [1, 1], padding: [3, 3, 3, 3] },
    },
    {
      name: 'groups, padding right and below only, unequal strides',
      inputs: [{ type: 'f32[2 4 5 6]' }, { type: 'f32[6 2 3 2]' }],
      attrs: { stride: [2, 1], padding: [0, 0, 1, 1] },
    },
  ],
};

/** How many groups the channels form. Throws TypeError when they do not come out even. */
export function convGroups(x: TensorType, weight: TensorType): number {
  const [channels, out, perGroup] = [x.shape[1], sizeAt(weight, 0), sizeAt(weight, 1)];
  if (typeof channels !== 'number') throw new TypeError(`the number of channels must be fixed, got ${printType(x)}`);
  const groups = channels / perGroup;
  if (Number.isInteger(groups) && groups > 0 && out % groups === 0) return groups;
  throw new TypeError(`a weight ${printType(weight)} does not divide ${channels} channels into groups`);
}

function sizeAt(weight: TensorType, axis: number): number {
  const size = weight.shape[axis];
  if (typeof size !== 'number') throw new TypeError(`the weight must have fixed sizes, got ${printType(weight)}`);
  return size;
}
