import {
  add,
  argMin,
  attention,
  block,
  conv2d,
  type Dim,
  groupNorm,
  linear,
  mul,
  reduceSum,
  reshape,
  silu,
  sub,
  type TensorOf,
  transpose,
} from 'casement';
import { type Floats, scoped } from '../shared/layers.ts';

/** An image [batch channels height width]. Widths and sizes of most levels have no names: they are numbers. */
type Planes<C extends Dim = Dim, S extends Dim = Dim> = Floats<readonly ['batch', C, S, S]>;

export interface VqConfig {
  readonly resolution: number;
  readonly base_channels: number;
  readonly channel_multiplier: readonly number[];
  readonly num_res_blocks: number;
  readonly norm_groups: number;
  readonly norm_eps: number;
}

/**
 * Chameleon's image tokeniser: pixels → latents z, row by row, and codes, the nearest entries of a codebook. Dims:
 * `vqWidth` channels and `vqSide`² = `cells` places at the last level, `latent`, `embed`, `codebook`.
 */
export function vqEncoder(c: VqConfig) {
  const groups = { groups: c.norm_groups, eps: c.norm_eps };
  const last = c.channel_multiplier.length - 1;

  /** swish(GroupNorm x) */
  const activate = (x: Planes, name: string): Planes => silu(normed(x, name, groups));

  /** x, or its 1×1 image where the width changes, + conv(swish(norm(conv(swish(norm x))))) */
  const residual = (x: Planes, name: string, width: Dim, from: Dim) =>
    scoped(name, x, (x) => {
      const h = conv(activate(x, 'norm1'), 'conv1', width);
      const out = conv(activate(h, 'norm2'), 'conv2', width);
      return add(from === width ? x : conv(x, 'nin_shortcut', width, { kernel: 1 }), out);
    });

  /** x + O·attention over the places, with one head. */
  const attend = (x: Planes, name: string) =>
    scoped(name, x, (x) => {
      const n = normed(x, 'norm', groups);
      const rows = (part: string) => {
        const places = reshape(conv(n, part, 'vqWidth', { kernel: 1 }), ['batch', 'vqWidth', 'cells']);
        return reshape(transpose(places, ['batch', 'cells', 'vqWidth']), ['batch', 'cells', 1, 'vqWidth']);
      };
      const mixed = attention(rows('q'), rows('k'), rows('v'), { causal: false });
      const places = transpose(reshape(mixed, ['batch', 'cells', 'vqWidth']), ['batch', 'vqWidth', 'cells']);
      const planes: Planes = reshape(places, ['batch', 'vqWidth', 'vqSide', 'vqSide']);
      return add(x, conv(planes, 'proj_out', 'vqWidth', { kernel: 1 }));
    });

  const encoder = (pixels: Planes) =>
    scoped('encoder', pixels, (pixels) => {
      const widthOf = (level: number) => c.base_channels * (c.channel_multiplier[level] ?? 1);
      let width = c.base_channels;
      let x: Planes = conv(pixels, 'conv_in', width);
      for (const level of c.channel_multiplier.keys()) {
        for (let i = 0; i < c.num_res_blocks; i++) {
          x = residual(x, `down.${level}.block.${i}`, widthOf(level), width);
          width = widthOf(level);
        }
        // A zero column to the right and a zero row below.
        const halved = { stride: 2, padding: [0, 0, 1, 1], side: c.resolution / 2 ** (level + 1) } as const;
        if (level < last) x = conv(x, `down.${level}.downsample.conv`, width, halved);
      }
      const mixed = attend(residual(x, 'mid.block_1', width, width), 'mid.attn_1');
      return conv(activate(residual(mixed, 'mid.block_2', width, width), 'norm_out'), 'conv_out', 'latent');
    });

  return block(
    'model.vqmodel',
    {
      inputs: { pixels: 'float[batch channels resolution resolution]' },
      params: { 'quantize.embedding.weight': 'float[codebook embed]' },
    },
    ({ pixels }, p) => {
      const planes = conv(encoder(pixels), 'quant_conv', 'embed', { kernel: 1 });
      const z = transpose(reshape(planes, ['batch', 'embed', 'cells']), ['batch', 'cells', 'embed']);
      return { latents: z, codes: nearest(z, p['quantize.embedding.weight']) };
    },
  );
}

/** The index of the entry e that is nearest to z: |z − e|² without |z|², which is the same for all. */
function nearest(z: TensorOf<'float[batch cells embed]'>, entries: TensorOf<'float[codebook embed]'>) {
  return argMin(sub(reduceSum(mul(entries, entries), 'embed'), mul(linear(z, entries), 2)), 'codebook');
}

/** A group norm with weight and bias under `name`. */
function normed<C extends Dim, S extends Dim>(
  x: Planes<C, S>,
  name: string,
  options: { readonly groups: number; readonly eps: number },
): Planes<C, S> {
  const width = `float[${x.shape[1]}]` as 'float[width]';
  const run = block(name, { inputs: 'float[...]', params: { weight: width, bias: width } }, (x, p) =>
    groupNorm(x as never, p.weight as never, p.bias as never, options),
  );
  return run(x) as never; // the shape of x
}

interface ConvOptions {
  readonly kernel?: 1 | 3;
  readonly stride?: number;
  /** Top, left, bottom, right; unless given, what keeps the size. */
  readonly padding?: readonly [number, number, number, number];
  /** Height and width of the result, where they are others. */
  readonly side?: Dim;
}

/** A convolution with weight and bias under `name`, to `to` channels. */
function conv<const C extends Dim>(x: Planes, name: string, to: C, options: ConvOptions = {}): Planes<C> {
  const { kernel = 3, stride = 1, padding = (kernel - 1) / 2, side = x.shape[2] } = options;
  const params = {
    weight: `float[${to} ${x.shape[1]} ${kernel} ${kernel}]` as 'float[to from kernel kernel]',
    bias: `float[${to}]` as 'float[to]',
  } as const;
  const run = block(name, { inputs: 'float[...]', params }, (x, p) =>
    conv2d(x as never, p.weight as never, p.bias as never, { stride, padding, to: [side, side] }),
  );
  return run(x) as never; // what its options say
}
