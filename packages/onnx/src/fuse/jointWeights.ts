import type { Value } from '@casement/ir';
import type { WeightPlace } from '../proto.ts';

/** A param for several that are read as one, their rows one below the other. */
export interface JointParam {
  readonly param: Value;
  readonly place: WeightPlace;
}

/**
 * Params as one, without copying: their bytes must follow each other in one file (or all be at hand). Undefined when
 * they do not, or differ in more than their rows.
 */
export function joinParams(params: readonly Value[], weights: (param: string) => WeightPlace): JointParam | undefined {
  const [first] = params;
  if (first === undefined || params.some((param) => param.kind !== 'param')) return undefined;
  const [, ...rest] = first.type.shape;
  const alike = params.every(
    ({ type }) => type.dtype === first.type.dtype && type.shape.slice(1).join() === rest.join(),
  );
  if (!alike) return undefined;
  const place = joinPlaces(params.map(({ name }) => weights(name)));
  if (place === undefined) return undefined;
  const rows = params.reduce((sum, { type }) => sum + Number(type.shape[0]), 0); // params have fixed sizes
  const type = { dtype: first.type.dtype, shape: [rows, ...rest] };
  return { param: { kind: 'param', name: jointName(params.map(({ name }) => name)), type }, place };
}

function joinPlaces(places: readonly WeightPlace[]): WeightPlace | undefined {
  const inline = places.filter((place) => place instanceof Uint8Array);
  if (inline.length === places.length) return concatBytes(inline);
  let joint: Exclude<WeightPlace, Uint8Array> | undefined;
  for (const place of places) {
    if (place instanceof Uint8Array) return undefined;
    if (joint && (place.file !== joint.file || place.byteOffset !== joint.byteOffset + joint.byteLength)) {
      return undefined;
    }
    joint = joint ? { ...joint, byteLength: joint.byteLength + place.byteLength } : { ...place };
  }
  return joint && { file: joint.file, byteOffset: joint.byteOffset, byteLength: joint.byteLength };
}

function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}

/** `a.q_proj.weight`, `a.k_proj.weight` → `a.q_proj+k_proj.weight`; names without a common start are listed in full. */
function jointName(names: readonly string[]): string {
  const [first = '', ...others] = names.map((name) => name.split('.'));
  const same = (at: (name: readonly string[]) => string | undefined) =>
    others.every((name) => at(name) === at([...first]));
  let start = 0;
  while (start < first.length - 1 && same((name) => name[start])) start++;
  let end = 0;
  while (end < first.length - 1 - start && same((name) => name.at(-1 - end))) end++;
  const middles = names.map((name) =>
    name
      .split('.')
      .slice(start, name.split('.').length - end)
      .join('.'),
  );
  return [...first.slice(0, start), middles.join('+'), ...first.slice(first.length - end)].join('.');
}
