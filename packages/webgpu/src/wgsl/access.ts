import { type Storage, storageInfo } from '../storage.ts';

/** How many elements one call reads or writes. */
export type Width = 1 | 4;

/** The WGSL type of `width` elements. */
export function laneType(storage: Storage, width: Width): string {
  const { register } = storageInfo(storage);
  if (width === 1) return register;
  return { f32: 'vec4f', i32: 'vec4i', u32: 'vec4u' }[register];
}

/** Element type of the array that is bound. Plain floats are bound as vectors when every access takes four. */
export function arrayElement(storage: Storage, width: Width): string {
  const { register, perWord } = storageInfo(storage);
  if (perWord > 1) return 'u32';
  return laneType(storage, register === 'f32' ? width : 1);
}

/** The body of `fn at(i: u32)`, where `i` counts groups of `width` elements and the array is `name`. */
export function loadBody(name: string, storage: Storage, width: Width, bound: Width): string {
  const word = (index: string) => `${name}[${index}]`;
  switch (storage) {
    case 'f16x2':
      if (width === 1) return `return unpack2x16float(${word('i / 2u')})[i % 2u];`;
      return `return vec4f(unpack2x16float(${word('2u * i')}), unpack2x16float(${word('2u * i + 1u')}));`;
    case 'bf16x2':
      if (width === 1) {
        return `let word = ${word('i / 2u')};\nreturn bitcast<f32>(select(word << 16u, word & 0xffff0000u, i % 2u == 1u));`;
      }
      return [
        `let words = vec2u(${word('2u * i')}, ${word('2u * i + 1u')});`,
        'let low = words << vec2u(16u);',
        'let high = words & vec2u(0xffff0000u);',
        'return bitcast<vec4f>(vec4u(low.x, high.x, low.y, high.y));',
      ].join('\n');
    case 'u8x4':
      return `return (${word('i / 4u')} >> (8u * (i % 4u))) & 0xffu;`;
    default:
      if (width === bound) return `return ${word('i')};`;
      return `let j = 4u * i;\nreturn vec4(${[0, 1, 2, 3].map((lane) => word(`j + ${lane}u`)).join(', ')});`;
  }
}

/** The body of `fn set(i: u32, value: …)`. */
export function storeBody(name: string): string {
  return `${name}[i] = value;`;
}

/**
 * The body of `fn setPair(i: u32, value: vec2f)`, which fills word `i` with two elements. Values that f16 cannot hold
 * become the largest it can: what packing makes of them is undefined.
 */
export function storePairBody(name: string, storage: Storage): string {
  if (storage === 'f16x2') return `${name}[i] = pack2x16float(clamp(value, vec2f(-65504.0), vec2f(65504.0)));`;
  return [
    'let bits = bitcast<vec2u>(value);',
    '// To the nearest, ties to even.',
    'let rounded = (bits + 0x7fffu + ((bits >> vec2u(16u)) & vec2u(1u))) >> vec2u(16u);',
    `${name}[i] = rounded.x | (rounded.y << 16u);`,
  ].join('\n');
}
