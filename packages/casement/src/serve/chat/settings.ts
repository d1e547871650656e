import { randomInt } from 'node:crypto';
import type { GenerationSettings, ModelSignature } from '@casement/session';
import type { ModelFiles } from '../../model/readModel.ts';
import { ApiError } from '../apiError.ts';
import type { Limits } from '../limits.ts';
import type { ChatRequest } from './requestSchema.ts';

/** Below it nothing but the likeliest token has a chance, and logits divided by it may be no numbers. */
const LEAST_TEMPERATURE = 1e-4;

/** The temperature, or 0 for one that is as good as that. */
export function drawable(temperature: number): number {
  return temperature < LEAST_TEMPERATURE ? 0 : temperature;
}

/**
 * How a request wants tokens to be drawn, over the model's own settings: OpenAI's names to the session's. Without a
 * seed, every request gets another one. Throws ApiError for more tokens than the server gives, and
 * for tokens that the model has not.
 */
export function settingsOf(
  request: ChatRequest,
  { maxTokens: most }: Pick<Limits, 'maxTokens'>,
  { manifest, generation }: Pick<ModelFiles, 'manifest' | 'generation'>,
): Partial<GenerationSettings> {
  const field = request.max_completion_tokens === undefined ? 'max_tokens' : 'max_completion_tokens';
  const maxTokens = request[field];
  if (maxTokens !== undefined && maxTokens > most) {
    const message = `${field}: the server gives at most ${most} tokens`;
    throw new ApiError(400, message, { param: field, code: 'invalid_value' });
  }
  const { temperature, top_p, top_k, repetition_penalty, presence_penalty, frequency_penalty } = request;
  const { stop, logit_bias } = request;
  return {
    maxTokens: maxTokens ?? Math.min(most, generation.settings.maxTokens ?? most),
    seed: request.seed ?? randomInt(2 ** 32),
    ...(temperature === undefined ? {} : { temperature: drawable(temperature) }),
    ...(top_p === undefined ? {} : { topP: top_p }),
    ...(top_k === undefined ? {} : { topK: top_k }),
    ...(repetition_penalty === undefined ? {} : { repetitionPenalty: repetition_penalty }),
    ...(presence_penalty === undefined ? {} : { presencePenalty: presence_penalty }),
    ...(frequency_penalty === undefined ? {} : { frequencyPenalty: frequency_penalty }),
    ...(stop === undefined ? {} : { stopStrings: typeof stop === 'string' ? [stop] : stop }),
    ...(logit_bias === undefined ? {} : { logitBias: biases(logit_bias, vocabOf(manifest)) }),
  };
}

function biases(given: Readonly<Record<string, number>>, vocab: number): ReadonlyMap<number, number> {
  return new Map(
    Object.entries(given).map(([token, bias]) => {
      if (Number(token) < vocab) return [Number(token), bias];
      const param = `logit_bias.${token}`;
      throw new ApiError(400, `${param}: the model has ${vocab} tokens`, { param, code: 'invalid_value' });
    }),
  );
}

function vocabOf({ entries }: ModelSignature): number {
  const logits = entries.step?.outputs.find(({ name }) => name === 'logits');
  return Number(logits?.shape.at(-1) ?? Number.POSITIVE_INFINITY);
}
