import type { Dim } from '../dim.ts';
import { isDType } from '../dtype.ts';
import type { Attrs, AttrValue } from '../op.ts';
import { parseDim } from '../parse-dim.ts';
import type { Origin } from '../program.ts';
import type { TensorType } from '../types.ts';
import { Cursor } from './cursor.ts';

/** Names of values, params and states. */
export const NAME = /[\w.\-/:]*[\w\-/]/;

const SIZE = /[\w+\-*/()]+/;
const NUMBER = /-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Infinity)(?![\w*(])|NaN(?!\w)/;
const BOOLEAN = /(?:true|false)(?![\w+\-*/])/;
const STRING = /"(?:[^"\\]|\\.)*"/;

export function parseType(cursor: Cursor): TensorType {
  const dtype = cursor.match(/\w+/, 'a dtype');
  if (!isDType(dtype)) return cursor.reject(`"${dtype}" is no dtype`);
  const shape: Dim[] = [];
  cursor.expect('[');
  while (!cursor.accept(']')) shape.push(parseSize(cursor));
  return { dtype, shape };
}

/** Reads a type such as `f32[2 3]` that stands alone. */
export function parseTypeText(text: string): TensorType {
  const cursor = new Cursor(text, 1);
  const type = parseType(cursor);
  cursor.end();
  return type;
}

export function parseAttrs(cursor: Cursor): Attrs {
  const attrs: Record<string, AttrValue> = {};
  if (!cursor.accept('{')) return attrs;
  while (!cursor.accept('}')) {
    if (Object.keys(attrs).length > 0) cursor.expect(',');
    const key = cursor.match(/\w+/, 'an attribute name');
    cursor.expect('=');
    attrs[key] = parseAttr(cursor);
  }
  return attrs;
}

function parseAttr(cursor: Cursor): AttrValue {
  if (cursor.accept('[')) {
    const items: AttrValue[] = [];
    while (!cursor.accept(']')) items.push(parseAttr(cursor));
    return items;
  }
  if (cursor.sees(STRING)) return parseString(cursor);
  if (cursor.sees(BOOLEAN)) return cursor.match(BOOLEAN, 'true or false') === 'true';
  const isNumber = cursor.sees(new RegExp(`(?:${NUMBER.source})(?![-+/])`));
  return isNumber ? Number(cursor.match(NUMBER, 'a number')) : parseSize(cursor, 'an attribute');
}

export function parseOrigin(cursor: Cursor): Origin {
  const scope = cursor.accept('in ') ? parseString(cursor) : '';
  if (!cursor.accept('at ')) return { scope };
  const file = parseString(cursor);
  cursor.expect(':');
  const line = Number(cursor.match(/\d+/, 'a line'));
  cursor.expect(':');
  return { scope, place: { file, line, column: Number(cursor.match(/\d+/, 'a column')) } };
}

function parseString(cursor: Cursor): string {
  const text: unknown = JSON.parse(cursor.match(STRING, 'a string'));
  return typeof text === 'string' ? text : cursor.fail('expected a string');
}

function parseSize(cursor: Cursor, wanted = 'a size'): Dim {
  const text = cursor.match(SIZE, wanted);
  try {
    return parseDim(text);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return cursor.reject(error.message);
  }
}
