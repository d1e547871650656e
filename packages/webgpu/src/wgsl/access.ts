import { type Storage, storageInfo } from '../storage.ts';

/** How many elements one call reads or writes. */
export type Width = 1 | 4;

/** How many words of four bytes one call reads. */
export type Words = 'word' | 'four words';

const LANES = ['0u', '1u', '2u', '3u'];

/** The WGSL type of `width` elements. */
export function laneType(storage: Storage, width: Width): string {
  const { register } = storageInfo(storage);
  if (width === 1) return register;
  return { f32: 'vec4f', i32: 'vec4i', u32: 'vec4u' }[register];
}

/** Element type of the array that is bound. Plain floats are bound as vectors when every access takes four. */
export function arrayElement(storage: Storage, width: Width): string {
  const { register, packed } = storageInfo(storage);
  if (storage === 'u8x4' && width === 4) return 'vec4u';
  if (packed) return 'u32';
  if (storage === 'f16') return width === 4 ? 'vec4<f16>' : 'f16';
  return laneType(storage, register === 'f32' ? width : 1);
}

/** The body of `fn at(i: u32)`, where `i` counts groups of `width` elements and the array is `name`. */
export function loadBody(name: string, storage: Storage, width: Width, bound: Width): string {
  const word = (index: string) => `${name}[${index}]`;
  switch (storage) {
    case 'f16': {
      if (width === 1) return `return f32(${word('i')});`;
      if (bound === 4) return `return vec4f(${word('i')});`;
      return `let j = 4u * i;\nreturn vec4f(vec4(${LANES.map((lane) => word(`j + ${lane}`)).join(', ')}));`;
    }
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
      return `let j = 4u * i;\nreturn vec4(${LANES.map((lane) => word(`j + ${lane}`)).join(', ')});`;
  }
}

export function wordsType(words: Words): string {
  return words === 'word' ? 'u32' : 'vec4u';
}

/** The body of `fn word(i: u32)`: bytes 4·i … 4·i + 3, or those of four words. Bytes may take a word each (`u32`). */
export function wordsBody(name: string, storage: Storage, words: Words, bound: Width): string {
  if (storage === 'u8x4') {
    if (words === 'word' || bound === 4) return `return ${name}[i];`;
    return `return vec4u(${LANES.map((lane) => `${name}[4u * i + ${lane}]`).join(', ')});`;
  }
  const word = (first: string) => {
    const bytes = LANES.map((lane) => `${name}[${first} + ${lane}]`);
    return bytes.map((byte, lane) => (lane === 0 ? byte : `(${byte} << ${8 * lane}u)`)).join(' | ');
  };
  if (words === 'word') return `return ${word('4u * i')};`;
  return `return vec4u(${LANES.map((lane) => word(`16u * i + 4u * ${lane}`)).join(', ')});`;
}

/** The body of `fn set(i: u32, value: …)`. */
export function storeBody(name: string, storage: Storage, width: Width | 'pair'): string {
  return `${name}[i] = ${storedValue('value', storage, width)};`;
}

/**
 * A float of a name as it is stored. Values that f16 cannot hold become the largest it can: what a conversion makes of them
 * is undefined.
 */
export function storedValue(value: string, storage: Storage, width: Width | 'pair'): string {
  if (storage !== 'f16' && storage !== 'f16x2') return value;
  const vector = { 1: 'f32', pair: 'vec2f', 4: 'vec4f' }[width];
  const within = `clamp(${value}, ${vector}(-65504.0), ${vector}(65504.0))`;
  if (storage === 'f16x2') return `pack2x16float(${within})`;
  return `${width === 1 ? 'f16' : 'vec4<f16>'}(${within})`;
}

/** The body of `fn setPair(i: u32, value: vec2f)`, which fills word `i` with two elements. */
export function storePairBody(name: string, storage: Storage): string {
  if (storage === 'f16x2') return storeBody(name, storage, 'pair');
  return [
    'let bits = bitcast<vec2u>(value);',
    '// To the nearest, ties to even.',
    'let rounded = (bits + 0x7fffu + ((bits >> vec2u(16u)) & vec2u(1u))) >> vec2u(16u);',
    `${name}[i] = rounded.x | (rounded.y << 16u);`,
  ].join('\n');
}
