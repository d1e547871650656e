import { join } from 'node:path';
import { dtypeBytes, elementCount, type FloatDType, type Program } from '@casement/ir';
import { adjacentParams, lowerToOnnx, type OnnxModel, type Profile, type WeightPlace } from '@casement/onnx';
import { compileFor } from '../../packages/casement/src/artifact/compile.ts';
import { loadModel } from '../../packages/casement/src/load/loadModel.ts';

/** A fixture's ONNX models, with weights where `build` would put them, though none are read. */
export async function lowerFixture(name: string, dtype: FloatDType, profile: Profile): Promise<OnnxModel> {
  const { definition } = await loadModel(join(import.meta.dirname, '../fixtures', name), undefined);
  const program = compileFor('onnx', definition.build({ dtype }), profile);
  const places = placesOf(program);
  const weights = (param: string): WeightPlace => {
    const place = places.get(param);
    if (place === undefined) throw new RangeError(`no param "${param}"`);
    return place;
  };
  return lowerToOnnx(program, { profile, weights });
}

/** One shard, with what is read as one tensor side by side. */
function placesOf(program: Program): ReadonlyMap<string, WeightPlace> {
  const listOf = new Map(adjacentParams(program).flatMap((list) => list.map((name) => [name, list] as const)));
  const ordered = new Set([...program.params.keys()].flatMap((name) => listOf.get(name) ?? [name]));
  const places = new Map<string, WeightPlace>();
  let byteOffset = 8;
  for (const name of ordered) {
    const type = program.params.get(name)?.type;
    if (type === undefined) continue;
    const byteLength = elementCount(type.shape.map(Number)) * dtypeBytes(type.dtype);
    places.set(name, { file: 'model.safetensors', byteOffset, byteLength });
    byteOffset += byteLength;
  }
  return places;
}
