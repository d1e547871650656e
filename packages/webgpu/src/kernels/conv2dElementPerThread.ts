import type { Conv2dAttrs, Dim } from '@casement/ir';
import { type Operand, stridesOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { coordinates, flatIndex, indent } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';

export interface Conv2dSite {
  /** [batch channels height width]. */
  readonly x: Operand;
  /** [out channels/groups kh kw]. */
  readonly weight: Operand;
  readonly bias: Operand | undefined;
  readonly y: Operand;
  readonly groups: number;
  readonly attrs: Conv2dAttrs;
}

/** y = cross-correlation of x with a kernel, one thread per element of y. What lies outside x counts as zero. */
export function conv2dElementPerThread({ x, weight, bias, y, groups, attrs }: Conv2dSite): KernelCall {
  const [perGroup = 1, kernelHeight = 1, kernelWidth = 1] = weight.type.shape.slice(1).map(Number); // fixed, says infer
  const kernel = new KernelBuilder(
    'conv2dElementPerThread',
    `y = x * weight${bias ? ' + bias' : ''}, stride ${attrs.stride}, padding ${attrs.padding}, ` +
      `${groups} groups of channels, one thread per element of y.`,
  );
  const load = kernel.read('x', x);
  const loadWeight = kernel.read('weight', weight);
  const loadBias = bias && kernel.read('bias', bias);
  const store = kernel.write('y', y);
  const { define, at } = coordinates('i', y.type.shape, ['batch', 'o', 'row', 'column']);
  const [batch = '0u', o = '0u', row = '0u', column = '0u'] = at;
  const group = groups === 1 ? '0u' : `(${o} / ${Number(y.type.shape[1]) / groups}u)`;
  const [batchStride = 1, channelStride = 1, rowStride = 1] = stridesOf(x);
  const [, , height = 1, width = 1] = x.type.shape;
  const padded = attrs.padding.some((size) => size > 0);
  const skipOutside = (place: string, size: Dim) =>
    padded ? [`if (${place} < 0 || ${place} >= i32(${wgslSize(size)})) {`, '  continue; // padding', '}'] : [];
  const from = flatIndex([batch, 'channel', 'u32(line)', 'u32(place)'], [batchStride, channelStride, rowStride, 1]);
  const weightAt = `((${o} * ${perGroup}u + c) * ${kernelHeight}u + ky) * ${kernelWidth}u + kx`;
  return kernel.perThread(
    y.type.shape,
    [
      ...define,
      `let top = i32(${row} * ${attrs.stride[0]}u) - ${attrs.padding[0]};`,
      `let left = i32(${column} * ${attrs.stride[1]}u) - ${attrs.padding[1]};`,
      `var total = ${loadBias ? loadBias(o) : '0.0'};`,
      `for (var c = 0u; c < ${perGroup}u; c++) {`,
      `  let channel = ${group} * ${perGroup}u + c;`,
      '  // Summed up by channels, so that the rounding error does not grow with all of them.',
      '  var part = 0.0;',
      `  for (var ky = 0u; ky < ${kernelHeight}u; ky++) {`,
      '    let line = top + i32(ky);',
      indent(skipOutside('line', height), 2),
      `    for (var kx = 0u; kx < ${kernelWidth}u; kx++) {`,
      '      let place = left + i32(kx);',
      indent(skipOutside('place', width), 3),
      `      part += ${load(from)} * ${loadWeight(weightAt)};`,
      '    }',
      '  }',
      '  total += part;',
      '}',
      store('i', 'total'),
    ].filter((line) => line !== ''),
  );
}
