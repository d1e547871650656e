import { dtypeBytes, elementCount, type Program } from '@casement/ir';
import { adjacentParams, type WeightPlace } from '@casement/onnx';

/** Where a build would put weights: those that are read together side by side, in one file that nobody reads. */
export function onnxPlaces(program: Program): (param: string) => WeightPlace {
  const listOf = new Map(adjacentParams(program).flatMap((list) => list.map((name) => [name, list] as const)));
  const places = new Map<string, WeightPlace>();
  let byteOffset = 0;
  for (const name of new Set([...program.params.keys()].flatMap((name) => listOf.get(name) ?? [name]))) {
    const type = program.params.get(name)?.type;
    if (type === undefined) continue;
    const byteLength = elementCount(type.shape.map(Number)) * dtypeBytes(type.dtype);
    places.set(name, { file: 'model.safetensors', byteOffset, byteLength });
    byteOffset += byteLength;
  }
  return (param) => {
    const place = places.get(param);
    if (place === undefined) throw new RangeError(`no param "${param}"`);
    return place;
  };
}
