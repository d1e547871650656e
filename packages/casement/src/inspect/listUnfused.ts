import type { Program } from '@casement/ir';
import { lowerToOnnx } from '@casement/onnx';
import { compileFor } from '../artifact/compile.ts';
import { onnxPlaces } from './onnxPlaces.ts';

/** What profile `ort` of ONNX left unfused in each entry of a program, and why. */
export function listUnfused(program: Program): string {
  const compiled = compileFor('onnx', program, 'ort');
  const { notes } = lowerToOnnx(compiled, { profile: 'ort', weights: onnxPlaces(compiled) });
  return [...notes]
    .filter(([entry, texts]) => entry !== 'program' || texts.length > 0)
    .flatMap(([entry, texts]) => [
      `ONNX, ${entry === 'program' ? 'all entries' : entry}:${texts.length === 0 ? ' nothing was left unfused' : ''}`,
      ...texts.map((text) => `  not fused: ${text}`),
    ])
    .join('\n');
}
