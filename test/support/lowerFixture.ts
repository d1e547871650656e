import { join } from 'node:path';
import type { FloatDType } from '@casement/ir';
import { lowerToOnnx, type OnnxModel, type Profile } from '@casement/onnx';
import { compileFor } from '../../packages/casement/src/artifact/compile.ts';
import { onnxPlaces } from '../../packages/casement/src/inspect/onnxPlaces.ts';
import { loadModel } from '../../packages/casement/src/load/loadModel.ts';

/** A fixture's ONNX models, with weights where `build` would put them, though none are read. */
export async function lowerFixture(name: string, dtype: FloatDType, profile: Profile): Promise<OnnxModel> {
  const { definition } = await loadModel(join(import.meta.dirname, '../fixtures', name), undefined);
  const program = compileFor('onnx', definition.build({ dtype }), profile);
  return lowerToOnnx(program, { profile, weights: onnxPlaces(program) });
}
