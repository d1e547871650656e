import { type FloatDType, isDType, isFloat } from '@casement/ir';
import { UserError } from '../error.ts';

/** What a build makes of a model's `float`: a dtype, or `q4f16`: weights in blocks of 4 bits, all else in f16. */
export type BuildDType = FloatDType | `q${4 | 8}${'f32' | 'f16'}`;

/** What the command offers. */
export const BUILD_DTYPES = [
  'f32',
  'f16',
  'bf16',
  'q4f32',
  'q4f16',
  'q8f32',
  'q8f16',
] as const satisfies readonly BuildDType[];

/** The float dtype of a build, and the bits of its weights if they are quantised. Throws UserError for another name. */
export function readBuildDType(dtype: string): { readonly float: FloatDType; readonly bits: 4 | 8 | undefined } {
  const [, bits, float = ''] = /^(?:q([48]))?(.*)$/.exec(dtype) ?? [];
  // Blocks with scales in bf16 are run by nothing here, so that nobody has seen them right.
  if (!isDType(float) || !isFloat(float) || (bits !== undefined && float === 'bf16')) {
    throw new UserError(`"${dtype}" is no dtype of a build; choose ${BUILD_DTYPES.join(', ')}`);
  }
  return { float, bits: bits === undefined ? undefined : bits === '4' ? 4 : 8 };
}
