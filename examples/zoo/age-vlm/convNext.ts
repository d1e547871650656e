import { add, block, conv2d, type Dim, gelu, mul, transpose } from 'casement';
import { dense, type Floats, norm, scoped } from '../shared/layers.ts';

export interface ConvNextConfig {
  readonly num_channels: number;
  readonly hidden_sizes: readonly number[];
  readonly depths: readonly number[];
  readonly patch_size: number;
  readonly layer_norm_eps: number;
}

/** A map of features: channels, rows, columns. */
type FeatureMap = Floats<readonly ['samples', string, string, string]>;

/** What the encoder's sizes are called: `channels`, and the width of each stage. */
export function convNextDims(c: ConvNextConfig): Readonly<Record<string, number>> {
  return { channels: c.num_channels, ...Object.fromEntries(c.hidden_sizes.map((size, s) => [`stage${s}`, size])) };
}

/** How many pixels a place of the last stage's map stands for, in each direction. */
export function convNextStride(c: ConvNextConfig): number {
  return c.patch_size * 2 ** (c.hidden_sizes.length - 1);
}

/** ConvNeXt (arXiv 2201.03545): pixels [samples channels height width] → the last stage's map, without a final norm. */
export function convNext(pixels: FeatureMap, c: ConvNextConfig): FeatureMap {
  const eps = c.layer_norm_eps;
  const places = (stage: number): readonly [string, string] => {
    const stride = c.patch_size * 2 ** stage;
    return [`floor(height/${stride})`, `floor(width/${stride})`];
  };

  const stem = (x: FeatureMap) => {
    const patches = convolve(x, 'patch_embeddings', 'stage0', { kernel: c.patch_size, to: places(0) });
    return normChannels(patches, 'layernorm', eps);
  };
  /** LN, then a convolution 2×2 with stride 2: what is left over of odd sizes is dropped. */
  const halve = (x: FeatureMap, stage: number) =>
    convolve(normChannels(x, 'downsampling_layer.0', eps), 'downsampling_layer.1', `stage${stage}`, {
      kernel: 2,
      to: places(stage),
    });

  return scoped('vision_model', pixels, (pixels) =>
    c.depths.reduce(
      (x, depth, stage) =>
        scoped(`encoder.stages.${stage}`, x, (x) => {
          const names = Array.from({ length: depth }, (_, j) => `layers.${j}`);
          return names.reduce((x, name) => convNextLayer(x, name, eps), stage === 0 ? x : halve(x, stage));
        }),
      scoped('embeddings', pixels, stem),
    ),
  );
}

/** x ← x + γ ⊙ W₂ gelu(W₁ LN(depthwise 7×7 x)) */
function convNextLayer(x: FeatureMap, name: string, eps: number): FeatureMap {
  const width = x.shape[1];
  const params = {
    layer_scale_parameter: `float[${width}]` as 'float[width]',
    'dwconv.weight': `float[${width} 1 7 7]` as 'float[width 1 7 7]',
    'dwconv.bias': `float[${width}]` as 'float[width]',
  } as const;
  const layer = block(name, { inputs: mapSignature(x), params }, (x, p) => {
    const near = channelsLast(conv2d(x, p['dwconv.weight'], p['dwconv.bias'], { padding: 3 }));
    const wide = gelu(dense(norm(near, 'layernorm', eps), 'pwconv1', `4*${width}`));
    const change = mul(dense(wide, 'pwconv2', width), p.layer_scale_parameter as never);
    return add(x, channelsFirst(change) as never);
  });
  return layer(x as never) as never; // shapes as in shared/layers.ts
}

/** A convolution whose patches do not overlap, with `weight` and `bias` under `name`. */
function convolve(
  x: FeatureMap,
  name: string,
  out: string,
  { kernel, to }: { readonly kernel: number; readonly to: readonly [string, string] },
): FeatureMap {
  const params = {
    weight: `float[${out} ${x.shape[1]} ${kernel} ${kernel}]` as 'float[out channels kernel kernel]',
    bias: `float[${out}]` as 'float[out]',
  } as const;
  const run = block(name, { inputs: mapSignature(x), params }, (x, p) =>
    conv2d(x, p.weight, p.bias, { stride: kernel, to }),
  );
  return run(x as never) as never; // shapes as in shared/layers.ts
}

function mapSignature(x: FeatureMap) {
  return `float[${x.shape.join(' ')}]` as 'float[samples channels rows columns]';
}

/** A layer norm over the channels of each place. */
function normChannels(x: FeatureMap, name: string, eps: number): FeatureMap {
  return channelsFirst(norm(channelsLast(x), name, eps));
}

function channelsLast<B extends Dim, C extends Dim, H extends Dim, W extends Dim>(
  x: Floats<readonly [B, C, H, W]>,
): Floats<readonly [B, H, W, C]> {
  const [batch, channels, rows, columns] = x.shape;
  return transpose(x, [batch, rows, columns, channels] as never) as never; // an order of x's dims
}

function channelsFirst<B extends Dim, C extends Dim, H extends Dim, W extends Dim>(
  x: Floats<readonly [B, H, W, C]>,
): Floats<readonly [B, C, H, W]> {
  const [batch, rows, columns, channels] = x.shape;
  return transpose(x, [batch, channels, rows, columns] as never) as never; // as above
}
