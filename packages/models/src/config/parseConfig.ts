import { z } from 'zod';
import { type Capacity, DEFAULT_CAPACITY, type DecoderConfig } from '../decoderConfig.ts';
import type { VisionConfig } from '../vision/visionConfig.ts';
import { ConfigError } from './configError.ts';
import { CASA, familyOf } from './families.ts';
import { fusionProblems, fusionSchema, toFusion } from './fusionFields.ts';
import { readFields } from './readFields.ts';
import { textProblems, textSchema, toDecoder } from './textFields.ts';
import { toVision, visionProblems, visionSchema } from './visionFields.ts';

/** What a checkpoint's config.json describes. */
export interface ParsedConfig {
  readonly text: DecoderConfig;
  /** Absent: the model takes image tokens, not pixels. */
  readonly vision?: VisionConfig;
}

const outerSchema = z.object({
  model_type: z.string(),
  text_config: z.looseObject({ tie_word_embeddings: z.boolean().optional() }).nullish(),
  vision_config: z.unknown().optional(),
  tie_word_embeddings: z.boolean().optional(),
});

/**
 * Reads a Hugging Face `config.json`: `llama`, `helium` (text only) or `qwen2_5_vl` (token insertion, unless `fusion`
 * says otherwise), or one of them as `casa_…` with `fusion`. Each may have a `vision_config` of Qwen2.5-VL. Text fields
 * stand at the top or in `text_config`. Throws ConfigError naming every field that is missing or not understood.
 */
export function parseConfig(config: unknown, capacity: Partial<Capacity> = {}): ParsedConfig {
  const outer = readFields(outerSchema, config, '');
  if (outer.data === undefined) throw new ConfigError(outer.problems);
  const { model_type: name, text_config: nested, vision_config: pixels } = outer.data;
  const family = familyOf(name);

  const text = readFields(textSchema, nested ?? config, nested ? 'text_config' : '');
  const vision = readFields(visionSchema.optional(), pixels ?? undefined, 'vision_config');
  const fusion = readFields(z.object({ fusion: fusionSchema.optional() }), config, '');
  const misread = [...text.problems, ...vision.problems, ...fusion.problems];
  if (family.seesPixels && !pixels) misread.push('vision_config: is missing');
  if (CASA.test(name) && fusion.problems.length === 0 && !fusion.data?.fusion) misread.push('fusion: is missing');
  if (misread.length > 0 || text.data === undefined || fusion.data === undefined) throw new ConfigError(misread);

  const chosen = fusion.data.fusion;
  const unfit = [
    ...textProblems(text.data, family).map((problem) => (nested ? `text_config.${problem}` : problem)),
    ...(vision.data ? visionProblems(vision.data, text.data.hidden_size) : []),
    ...(chosen ? fusionProblems(chosen, text.data.num_hidden_layers) : []),
  ];
  if (unfit.length > 0) throw new ConfigError(unfit);

  const fused = chosen ? toFusion(chosen) : family.seesPixels ? ({ attention: 'insertion' } as const) : undefined;
  const decoder: DecoderConfig = {
    name,
    ...toDecoder(text.data, family),
    // Either place may say so: transformers wrote it into text_config for a while.
    tied: Boolean(outer.data.tie_word_embeddings || nested?.tie_word_embeddings),
    ...(fused ? { fusion: fused } : {}),
    capacity: { ...DEFAULT_CAPACITY, ...capacity },
  };
  return { text: decoder, ...(vision.data ? { vision: toVision(vision.data) } : {}) };
}
