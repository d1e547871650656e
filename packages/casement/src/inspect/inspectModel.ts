import type { ModelDefinition } from '@casement/dsl';
import type { DecoderModel } from '@casement/models';
import type { QuantizationSettings } from '@casement/passes';
import { UserError } from '../error.ts';
import type { BuildDType } from '../quantize/buildDType.ts';
import { buildProgram, type QuantizationOptions } from '../quantize/buildProgram.ts';
import { compareFusions, type FusionStream } from './compareFusions.ts';
import { inspectProgram, type ProgramInspection } from './inspect.ts';
import type { Stream } from './streamCosts.ts';

export interface InspectOptions extends Partial<Stream>, QuantizationOptions {
  /** What the model's file says about its own quantisation. */
  readonly quantization?: QuantizationSettings;
}

export interface Inspection extends ProgramInspection {
  readonly dtype: BuildDType;
  /** A stream with each fusion around this backbone; absent for models that were not made from a decoder's config. */
  readonly stream?: Stream & { readonly fusions: readonly FusionStream[] };
}

const STREAM: Stream = { frames: 512, imageTokens: 256, textTokens: 16 };

/**
 * What a model holds, what its runs cost, and what a stream of images would cost with other fusions; nothing is run or
 * loaded. Throws UserError when a size is no whole number above 0, and ModelError when the model cannot be built.
 */
export function inspectModel(definition: ModelDefinition, options: InspectOptions = {}): Inspection {
  const { dtype = 'f32', zeroPoints = false, quantization = {}, ...given } = options;
  const stream = { ...STREAM, ...given };
  for (const [name, count] of Object.entries(stream)) {
    if (!Number.isSafeInteger(count) || count < 1)
      throw new UserError(`${name} is ${count}; give a whole number above 0`);
  }
  const { program, quantized } = buildProgram({ definition, quantization }, { dtype, zeroPoints });
  const inspection = inspectProgram(program, { ...stream, quantized });
  if (!isDecoderModel(definition)) return { ...inspection, dtype };
  const fusions = compareFusions(definition.text, { dtype, zeroPoints }, stream);
  return { ...inspection, dtype, stream: { ...stream, fusions } };
}

/** By its shape: a user's file may have made it with another copy of the models. */
function isDecoderModel(definition: ModelDefinition): definition is DecoderModel {
  return 'text' in definition && typeof definition.text === 'object' && definition.text !== null;
}
