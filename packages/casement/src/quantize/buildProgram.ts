import type { ModelDefinition } from '@casement/dsl';
import { type FloatDType, type Program, verifyProgram } from '@casement/ir';
import {
  type QuantizationSettings,
  type QuantizedParam,
  quantizableWeights,
  quantizationPolicy,
  quantizeWeights,
} from '@casement/passes';
import { UserError } from '../error.ts';
import { type BuildDType, readBuildDType } from './buildDType.ts';

export interface QuantizationOptions {
  /** Default: f32. */
  readonly dtype?: BuildDType;
  /** Quantised weights get a zero point for each block: a little larger, a little more exact. */
  readonly zeroPoints?: boolean;
}

/** A program as a build has it. */
export interface BuiltProgram {
  readonly program: Program;
  readonly float: FloatDType;
  /** By name of the weight; empty unless the dtype says so. */
  readonly quantized: ReadonlyMap<string, QuantizedParam>;
  /** Weights that were to be quantised and could not be, and why. */
  readonly notes: readonly string[];
}

/** Weights that share a scale, where neither model nor command says. */
const BLOCK = 32;

/**
 * Builds a model in a dtype and quantises its weights if the dtype says so, as the model's own settings change that.
 * Throws UserError for an unknown dtype, for zero points of weights that are not quantised, and for overrides that fit
 * no weight; ModelError when the model cannot be built.
 */
export function buildProgram(
  { definition, quantization = {} }: { definition: ModelDefinition; quantization?: QuantizationSettings },
  { dtype = 'f32', zeroPoints = false }: QuantizationOptions,
): BuiltProgram {
  const { float, bits } = readBuildDType(dtype);
  const program = definition.build({ dtype: float });
  if (bits === undefined) {
    if (zeroPoints) throw new UserError(`zero points go with quantised weights (q4f16, q8f32, …), not with ${dtype}`);
    return { program, float, quantized: new Map(), notes: [] };
  }
  const base = { bits, block: quantization.block ?? BLOCK, zeroPoints };
  const result = quantizeWeights(program, policyOf(program, base, quantization));
  verifyProgram(result.program);
  return { program: result.program, float, quantized: result.quantized, notes: result.notes };
}

function policyOf(program: Program, base: Parameters<typeof quantizationPolicy>[0], settings: QuantizationSettings) {
  try {
    return quantizationPolicy(base, settings.overrides ?? {}, quantizableWeights(program));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(`model ${program.name}: ${error.message}`);
  }
}
