import { DTYPES, nearest } from '@casement/ir';
import type { Dim, DType } from './shape.ts';

/** A signature taken apart. */
export interface SignatureParts {
  readonly text: string;
  readonly kind: 'tensor' | 'kv';
  readonly dtype: DType;
  /** Whether the dims stand behind a `...`. */
  readonly rest: boolean;
  readonly dims: readonly Dim[];
}

const KINDS: readonly string[] = ['float', ...DTYPES, 'kv'];
const DIM = /^[\w*+\-/()]+$/;

/** Takes a signature apart. Throws SyntaxError that says what to write instead. */
export function parseSignature(text: string): SignatureParts {
  const [, kind, inner] = /^([^[\]]*)\[([^[\]]*)\]$/.exec(text) ?? [];
  if (kind === undefined || inner === undefined) {
    throw new SyntaxError(`"${text}" is no signature; write a dtype and dims, such as 'float[batch seq hidden]'`);
  }
  if (!KINDS.includes(kind)) {
    throw new SyntaxError(`"${text}": unknown dtype "${kind}"${nearest(kind, KINDS)}; there are ${KINDS.join(', ')}`);
  }
  const words = inner === '' ? [] : inner.split(' ');
  const rest = words[0] === '...';
  const dims = words.slice(rest ? 1 : 0).map((word) => parseDimWord(text, word));
  if (kind === 'kv' && (rest || dims.length !== 4)) {
    throw new SyntaxError(`"${text}": a kv state has four dims, such as 'kv[batch past kvHeads headDim]'`);
  }
  const dtype = kind === 'kv' ? 'float' : (kind as DType); // KINDS has nothing else
  return { text, kind: kind === 'kv' ? 'kv' : 'tensor', dtype, rest, dims };
}

function parseDimWord(text: string, word: string): Dim {
  if (word === '...') throw new SyntaxError(`"${text}": "..." can only be the first dim`);
  if (word === '') throw new SyntaxError(`"${text}": dims are separated by single spaces`);
  if (!DIM.test(word)) {
    throw new SyntaxError(
      `"${text}": "${word}" is no dim; write a name, a number or an expression such as heads*headDim`,
    );
  }
  return /^\d+$/.test(word) ? Number(word) : word;
}
