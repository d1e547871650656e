import type { RopeAttrs } from '@casement/ir';
import { type Operand, stridesOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { coordinates, flatIndex } from '../wgsl/coordinates.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { SIN_COS } from '../wgsl/math.ts';

export interface RopeSite {
  readonly x: Operand;
  readonly positions: Operand;
  /** One frequency per pair, f32. */
  readonly frequencies: Operand;
  readonly y: Operand;
  readonly attrs: RopeAttrs;
}

/** Rotates pairs of x by position·frequency, one thread per pair. The angle is rounded to f32, as PyTorch rounds it. */
export function ropePairPerThread({ x, positions, frequencies, y, attrs }: RopeSite): KernelCall {
  const kernel = new KernelBuilder(
    'ropePairPerThread',
    `y = x rotated by its positions (${attrs.layout}), one thread per pair.`,
  );
  kernel.helper(SIN_COS);
  const load = kernel.read('x', x);
  const loadPosition = kernel.read('positions', positions);
  const loadFrequency = kernel.read('frequencies', frequencies);
  const store = kernel.write('y', y);
  const [batch = 1, seq = 1, heads = 1] = x.type.shape;
  const pairs = frequencies.type.shape[0] ?? 1;
  const { define, at } = coordinates('i', [batch, seq, heads, pairs], ['batch', 'token', 'head', 'pair']);
  const [b = '0u', s = '0u', , pair = '0u'] = at;
  const [first, second] =
    attrs.layout === 'half' ? [pair, `${pair} + ${wgslSize(pairs)}`] : [`2u * ${pair}`, `2u * ${pair} + 1u`];
  const axis = sectionOf(pair, attrs.sections);
  const position = flatIndex(attrs.sections.length > 0 ? ['axis', b, s] : [b, s], stridesOf(positions));
  const row = flatIndex([...at.slice(0, 3), '0u'], stridesOf(x));
  return kernel.perThread(
    [batch, seq, heads, pairs],
    [
      ...define,
      ...(axis === undefined ? [] : [`let axis = ${axis};`]),
      `let angle = rounded(f32(${loadPosition(position)}) * ${loadFrequency(pair)});`,
      'let wave = sinCos(angle);',
      `let start = ${row};`,
      `let a = ${load(`start + ${first}`)};`,
      `let b = ${load(`start + ${second}`)};`,
      store(`start + ${first}`, 'a * wave.y - b * wave.x'),
      store(`start + ${second}`, 'b * wave.y + a * wave.x'),
    ],
  );
}

/** Which axis of the positions a pair takes its angle from. */
export function sectionOf(pair: string, sections: readonly number[]): string | undefined {
  if (sections.length === 0) return undefined;
  const ends = sections.slice(0, -1).map((_, axis) => sections.slice(0, axis + 1).reduce((sum, size) => sum + size));
  return ends.length === 0 ? '0u' : ends.map((end) => `u32(${pair} >= ${end}u)`).join(' + ');
}
