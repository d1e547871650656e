import { model } from '@casement/dsl';
import { type DecoderModel, decoderDims, decoderEntries } from './decoder.ts';
import type { DecoderConfig } from './decoderConfig.ts';
import { encodeImage, visionDims } from './vision/encodeImage.ts';
import type { VisionConfig } from './vision/visionConfig.ts';

/** A decoder, and what turns images into tokens of its width. */
export interface VisionLanguageConfig {
  readonly text: DecoderConfig;
  readonly vision: VisionConfig;
}

/** The entries of `decoder`, and `encodeImage`. */
export function visionLanguageModel({ text, vision }: VisionLanguageConfig): DecoderModel {
  const definition = model(text.name, {
    dims: { ...decoderDims(text), ...visionDims(vision, text.capacity.image) },
    entries: { encodeImage: encodeImage(vision), ...decoderEntries(text) },
  });
  return { ...definition, text };
}
