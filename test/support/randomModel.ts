import { drawTensor, type FloatDType, seededRandom } from '@casement/ir';
import type { Capacity, DecoderConfig, Fusion } from '@casement/models';
import fc from 'fast-check';
import type { Turn } from '../../packages/casement/src/conversation.ts';

/** A decoder and what is said to it. */
export interface ModelCase {
  readonly config: DecoderConfig;
  readonly dtype: FloatDType;
  readonly turns: readonly TurnPlan[];
}

/** How many image tokens stand before how many text tokens. */
export interface TurnPlan {
  readonly image: { readonly rows: number; readonly columns: number } | null;
  readonly text: number;
}

const sizes = fc.record({
  vocab: fc.constantFrom(8, 97, 1, 33),
  hidden: fc.constantFrom(8, 6, 17, 30, 65),
  ffn: fc.constantFrom(8, 5, 11, 34),
  layers: fc.integer({ min: 1, max: 3 }),
  kvHeads: fc.constantFrom(1, 2, 3, 5),
  group: fc.constantFrom(1, 2, 3, 7),
  headDim: fc.constantFrom(2, 6, 8, 10, 80),
});

const fusionLayers = fc.record({
  attention: fc.constantFrom('casa', 'ca'),
  order: fc.constantFrom('parallel', 'before', 'replace'),
  shared: fc.boolean(),
  updateImages: fc.boolean(),
});

const fusion: fc.Arbitrary<Fusion | undefined> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constant({ attention: 'insertion' }) },
  { weight: 8, arbitrary: fusionLayers },
);

const images = fc.record({ rows: fc.integer({ min: 1, max: 4 }), columns: fc.integer({ min: 1, max: 4 }) });
const turns = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(fc.record({ image: fc.option(images, { freq: 3 }), text: fc.nat(9) }), { maxLength: 5 }),
  },
  // A window per image, short ones too.
  {
    weight: 1,
    arbitrary: fc.array(fc.record({ image: fc.constant({ rows: 1, columns: 2 }), text: fc.nat(2) }), {
      minLength: 50,
      maxLength: 50,
    }),
  },
);

/**
 * Decoders of odd sizes with every option, and conversations that fill their caches to the brim: with and without
 * images, images without text after them, text longer than a chunk.
 */
export function randomModel(dtype: FloatDType): fc.Arbitrary<ModelCase> {
  return fc
    .record({
      sizes,
      fusion,
      fused: fc.uniqueArray(fc.nat(2), { minLength: 1 }),
      everywhere: fc.boolean(),
      scaleInF32: fc.boolean(),
      layout: fc.constantFrom('half' as const, 'interleaved' as const),
      mrope: fc.boolean(),
      bias: fc.record({ qkv: fc.boolean(), o: fc.boolean(), mlp: fc.boolean() }),
      tied: fc.boolean(),
      chunk: fc.integer({ min: 1, max: 7 }),
      turns,
      last: fc.integer({ min: 1, max: 5 }),
    })
    .map(({ sizes: { kvHeads, group, ...rest }, fusion, fused, everywhere, layout, mrope, chunk, ...drawn }) => {
      const pairs = rest.headDim / 2;
      const sections = mrope && pairs >= 3 ? [1, pairs - 2, 1] : undefined;
      const layers = fused.filter((layer) => layer < rest.layers);
      const some = fusion && fusion.attention !== 'insertion' && !everywhere && layers.length > 0;
      const turns = [...drawn.turns, { image: null, text: drawn.last }].map(({ image, text }) => {
        return { image: fusion ? image : null, text };
      });
      const config: DecoderConfig = {
        name: 'random',
        ...rest,
        heads: kvHeads * group,
        kvHeads,
        norm: { eps: 1e-5, scaleInF32: drawn.scaleInF32 },
        rope: { theta: 1000, layout, ...(sections ? { sections } : {}) },
        bias: drawn.bias,
        tied: drawn.tied,
        ...(fusion ? { fusion: some ? { ...fusion, layers } : fusion } : {}),
        capacity: capacityFor(turns, fusion, chunk),
      };
      return { config, dtype, turns };
    });
}

/** The ids and images of a conversation; they depend on sizes alone. */
export function drawTurns({ config: { vocab, hidden }, turns }: ModelCase): Turn[] {
  let fed = 0;
  return turns.map(({ image, text }, i) => {
    const ids = Array.from({ length: text }, () => (7 * fed++ + 3) % vocab);
    if (!image) return { ids };
    const embeds = drawTensor('f32', [image.rows * image.columns, hidden], 'normal', seededRandom(i));
    return { ids, image: { embeds, grid: image } };
  });
}

/** Just as much as a conversation needs. */
function capacityFor(turns: readonly TurnPlan[], fusion: Fusion | undefined, chunk: number): Capacity {
  const tokens = turns.map(({ image }) => (image ? image.rows * image.columns : 0));
  const text = turns.reduce((sum, turn) => sum + turn.text, 0);
  const inserted = fusion?.attention === 'insertion' ? tokens.reduce((sum, count) => sum + count, 0) : 0;
  const image = Math.max(1, ...tokens);
  let window = 0;
  const windows = turns.map((turn, i) => {
    if (turn.image) window = tokens[i] ?? 0;
    window += turn.text;
    return window;
  });
  const longest = fusion?.attention === 'ca' ? image : Math.max(image, ...windows);
  return { text: text + inserted, window: longest, image, chunk };
}
