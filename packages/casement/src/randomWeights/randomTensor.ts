import { elementCount, type FloatDType, normal, seededRandom, seedOf } from '@casement/ir';
import { encodeFloats, type ShardTensor } from '@casement/weights';

/** Elements of a chunk; even, since two are drawn at a time. */
const CHUNK = 2 ** 22;

/** Different values that a tensor's elements take. */
const LEVELS = 2 ** 16;

export type RandomTensor = (name: string, shape: readonly number[]) => ShardTensor;

/**
 * Makes tensors of seeded random weights, given in chunks: the values depend on `seed`, name and shape alone. Their
 * scale keeps activations finite at any depth: matrices have the deviation 1/√(elements of a row), biases 1/50, and
 * norms are 1.
 */
export function randomTensors(seed: number, dtype: FloatDType): RandomTensor {
  // Drawing from a sample of the normal distribution takes a tenth of the time of drawing from the distribution.
  const random = seededRandom(seed);
  const sample = Float32Array.from({ length: LEVELS }, () => normal(random));
  return (name, shape) => ({
    name,
    dtype,
    streamDtype: dtype,
    shape,
    stream: () => chunks(elementCount(shape), `${seed} ${name}`, levelsOf(sample, name, shape, dtype)),
  });
}

/** Bits of elements. */
type Levels = Uint16Array | Uint32Array;

/** What the elements of a tensor may be. */
function levelsOf(sample: Float32Array, name: string, shape: readonly number[], dtype: FloatDType): Levels {
  const isNorm = shape.length === 1 && !name.endsWith('.bias');
  const deviation = shape.length === 1 ? 0.02 : 1 / Math.sqrt(elementCount(shape.slice(1)));
  const { buffer } = encodeFloats(
    sample.map((value) => (isNorm ? 1 : value * deviation)),
    dtype,
  );
  return dtype === 'f32' ? new Uint32Array(buffer) : new Uint16Array(buffer);
}

function* chunks(elements: number, key: string, levels: Levels): Generator<Uint8Array> {
  // Steps of a length of its own keep a tensor from repeating a stretch of another.
  const [start, step] = [seedOf(key), seedOf(`step ${key}`) | 1];
  for (let first = 0; first < elements; first += CHUNK) {
    const count = Math.min(CHUNK, elements - first);
    const chunk = levels instanceof Uint32Array ? new Uint32Array(count) : new Uint16Array(count);
    draw(chunk, start + Math.imul(first / 2, step), step, levels);
    yield new Uint8Array(chunk.buffer);
  }
}

function draw(chunk: Levels, start: number, step: number, levels: Levels): void {
  for (let i = 0, state = start; i < chunk.length; i += 2, state = (state + step) | 0) {
    const bits = mix(state);
    chunk[i] = levels[bits & 0xffff] as number; // there are LEVELS of them
    if (i + 1 < chunk.length) chunk[i + 1] = levels[bits >>> 16] as number;
  }
}

/** A hash of 32 bits in which neighbours have nothing in common (lowbias32, C. Wellons 2018). */
function mix(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
