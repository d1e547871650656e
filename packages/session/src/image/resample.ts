import type { ImageSize, RgbImage } from './rgbImage.ts';

/** For every output pixel along one axis: where its input pixels start, how many they are, and their weights. */
interface AxisWeights {
  readonly start: Int32Array;
  readonly count: Int32Array;
  /** `taps` integers per output pixel, `count` of them used. */
  readonly weights: Int16Array;
  readonly taps: number;
  /** The weights are fixed-point numbers with this many fraction bits. */
  readonly fractionBits: number;
}

/**
 * Bicubic resampling with antialiasing, to the bit as PyTorch's CPU kernel for 8-bit images does it
 * (`interpolate(mode='bicubic', antialias=True)`, which torchvision's `resize` calls): columns first, rounded to 8
 * bits, then rows; weights are 16-bit integers. Pillow does the same with 22 fraction bits, so single values differ by 1.
 */
export function resampleBicubic(image: RgbImage, size: ImageSize): RgbImage {
  const wide = image.width === size.width ? image : resampleColumns(image, size.width);
  return wide.height === size.height ? wide : resampleRows(wide, size.height);
}

function resampleColumns({ width, height, data }: RgbImage, newWidth: number): RgbImage {
  const axis = axisWeights(width, newWidth);
  const result = new Uint8ClampedArray(3 * newWidth * height);
  const half = 1 << (axis.fractionBits - 1);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < newWidth; x++, to += 3) {
      let [red, green, blue] = [half, half, half];
      let from = 3 * (y * width + (axis.start[x] ?? 0));
      const first = x * axis.taps;
      for (let tap = first; tap < first + (axis.count[x] ?? 0); tap++) {
        const weight = axis.weights[tap] ?? 0;
        red += weight * (data[from++] ?? 0);
        green += weight * (data[from++] ?? 0);
        blue += weight * (data[from++] ?? 0);
      }
      result[to] = red >> axis.fractionBits;
      result[to + 1] = green >> axis.fractionBits;
      result[to + 2] = blue >> axis.fractionBits;
    }
  }
  return { width: newWidth, height, data: new Uint8Array(result.buffer) };
}

function resampleRows({ width, height, data }: RgbImage, newHeight: number): RgbImage {
  const axis = axisWeights(height, newHeight);
  const stride = 3 * width;
  const result = new Uint8ClampedArray(stride * newHeight);
  const sums = new Int32Array(stride);
  const half = 1 << (axis.fractionBits - 1);
  for (let y = 0; y < newHeight; y++) {
    sums.fill(half);
    for (let tap = 0; tap < (axis.count[y] ?? 0); tap++) {
      const weight = axis.weights[y * axis.taps + tap] ?? 0;
      const from = ((axis.start[y] ?? 0) + tap) * stride;
      for (let i = 0; i < stride; i++) sums[i] = (sums[i] ?? 0) + weight * (data[from + i] ?? 0);
    }
    for (let i = 0; i < stride; i++) result[y * stride + i] = (sums[i] ?? 0) >> axis.fractionBits;
  }
  return { width, height: newHeight, data: new Uint8Array(result.buffer) };
}

/** Source: ATen, native/cpu/UpSampleKernel.cpp, `_compute_indices_int16_weights_aa`. */
function axisWeights(size: number, newSize: number): AxisWeights {
  const scale = size / newSize;
  const stretch = Math.max(scale, 1);
  const shrink = 1 / stretch;
  const support = 2 * stretch;
  const taps = Math.ceil(support) * 2 + 1;
  const start = new Int32Array(newSize);
  const count = new Int32Array(newSize);
  const exact = new Float64Array(newSize * taps);
  let largest = 0;
  for (let i = 0; i < newSize; i++) {
    const center = scale * (i + 0.5);
    const first = Math.max(Math.trunc(center - support + 0.5), 0);
    const offset = first - center;
    const used = Math.min(Math.trunc(center + support + 0.5), size) - first;
    let total = 0;
    for (let tap = 0; tap < used; tap++) {
      const weight = cubic((tap + offset + 0.5) * shrink);
      exact[i * taps + tap] = weight;
      total += weight;
    }
    for (let tap = 0; tap < used; tap++) {
      const weight = (exact[i * taps + tap] ?? 0) / total;
      exact[i * taps + tap] = weight;
      largest = Math.max(largest, weight);
    }
    start[i] = first;
    count[i] = used;
  }
  const fractionBits = fractionBitsFor(largest);
  const weights = Int16Array.from(exact, (weight) => roundAwayFromZero(weight * 2 ** fractionBits));
  return { start, count, weights, taps, fractionBits };
}

/** Cubic convolution, a = −0.5 (Keys 1981). */
function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

/** As many fraction bits as leave the largest weight within 16 bits, at most 22. */
function fractionBitsFor(largest: number): number {
  let bits = 0;
  while (bits < 22 && Math.trunc(0.5 + largest * 2 ** (bits + 1)) < 2 ** 15) bits++;
  return bits;
}

function roundAwayFromZero(value: number): number {
  return Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
}
