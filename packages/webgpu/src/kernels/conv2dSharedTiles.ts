import { mulDims } from '@casement/ir';
import { stridesOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { numberedColumns, PRODUCT_THREADS, SharedProduct, storeElements, TILE } from '../wgsl/sharedProduct.ts';
import type { Conv2dSite } from './conv2dElementPerThread.ts';

/**
 * y = cross-correlation of x with a kernel, as a product: what the kernel sees at a place of y is a row, an output channel
 * is a column, and neither is stored. By tiles in memory that a workgroup shares.
 */
export function conv2dSharedTiles({ x, weight, bias, y, groups, attrs }: Conv2dSite): KernelCall {
  const [perGroup = 1, kernelHeight = 1, kernelWidth = 1] = weight.type.shape.slice(1).map(Number); // fixed, says infer
  const kernel = new KernelBuilder(
    'conv2dSharedTiles',
    `y = x * weight${bias ? ' + bias' : ''}, stride ${attrs.stride}, padding ${attrs.padding}, ` +
      `${groups} groups of channels, ${TILE} places and channels of y per workgroup.`,
  );
  const [load, loadWeight] = [kernel.read('x', x), kernel.read('weight', weight)];
  const loadBias = bias && kernel.read('bias', bias);
  const store = kernel.write('y', y);
  const [batch = 1, outChannels = 1, outHeight = 1, outWidth = 1] = y.type.shape;
  const [, , height = 1, width = 1] = x.type.shape;
  const ownChannels = Number(outChannels) / groups;
  const places = wgslSize(mulDims(outHeight, outWidth));
  const seen = kernelHeight * kernelWidth;
  const depth = perGroup * seen;
  const [imageStride = 1, channelStride = 1, lineStride = 1] = stridesOf(x).map(wgslSize);
  const lanes = (text: (lane: string) => string) => ['x', 'y', 'z', 'w'].map(text).join(', ');
  kernel.helper(`
// What the kernel sees at a place of y; zero outside of x, and behind the end.
fn seenQuad(image: u32, part: u32, place: u32, quad: u32) -> vec4f {
  let k = 4u * quad + vec4u(0u, 1u, 2u, 3u);
  let within = k % ${seen}u;
  let top = i32(place / ${wgslSize(outWidth)} * ${attrs.stride[0]}u) - ${attrs.padding[0]};
  let left = i32(place % ${wgslSize(outWidth)} * ${attrs.stride[1]}u) - ${attrs.padding[1]};
  // Negative ones become larger than any size.
  let line = bitcast<vec4u>(top + vec4i(within / ${kernelWidth}u));
  let column = bitcast<vec4u>(left + vec4i(within % ${kernelWidth}u));
  let inside = (k < vec4u(${depth}u)) & (line < vec4u(${wgslSize(height)})) & (column < vec4u(${wgslSize(width)}));
  let channel = part * ${perGroup}u + k / ${seen}u;
  let at = select(vec4u(), image * ${imageStride} + channel * ${channelStride} + line * ${lineStride} + column, inside);
  return select(vec4f(), vec4f(${lanes((lane) => load(`at.${lane}`))}), inside);
}`);
  kernel.helper(`
fn weightQuad(channel: u32, quad: u32) -> vec4f {
  let k = min(4u * quad + vec4u(0u, 1u, 2u, 3u), vec4u(${depth - 1}u));
  let start = channel * ${depth}u;
  return vec4f(${lanes((lane) => loadWeight(`start + k.${lane}`))});
}`);
  const channels = `${ownChannels}u`;
  const product = new SharedProduct({
    rows: places,
    quads: `${Math.ceil(depth / 4)}u`,
    loadA: (row, quad) => `seenQuad(image, part, ${row}, ${quad})`,
    right: numberedColumns(channels, (column, quad) => `weightQuad(part * ${channels} + ${column}, ${quad})`),
    finish: storeElements({
      rows: places,
      columns: channels,
      perColumn: [
        `let channel = part * ${channels} + column;`,
        ...(loadBias ? [`let bias = ${loadBias('channel')};`] : []),
      ],
      store: (row, value) => [
        store(
          `(image * ${wgslSize(outChannels)} + channel) * ${places} + ${row}`,
          `${value}${loadBias ? ' + bias' : ''}`,
        ),
      ],
    }),
  });
  return kernel.perTile(
    {
      grid: [ownChannels, mulDims(outHeight, outWidth), mulDims(batch, groups)],
      tile: [TILE, TILE, 1],
      threads: PRODUCT_THREADS,
      shared: product.shared,
    },
    [`let image = group.z / ${groups}u;`, `let part = group.z % ${groups}u;`, ...product.body],
  );
}
