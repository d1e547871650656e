import { parseConfig } from './config/parseConfig.ts';
import { type DecoderModel, decoder } from './decoder.ts';
import type { Capacity } from './decoderConfig.ts';
import { visionLanguageModel } from './visionLanguageModel.ts';

/** The model that a Hugging Face `config.json` describes; see `parseConfig`. Throws ConfigError. */
export function modelFromConfig(config: unknown, capacity: Partial<Capacity> = {}): DecoderModel {
  const { text, vision } = parseConfig(config, capacity);
  return vision ? visionLanguageModel({ text, vision }) : decoder(text);
}
