import { randomInt } from 'node:crypto';
import type { GenerationSettings } from '@casement/session';
import { ApiError } from '../apiError.ts';
import type { Limits } from '../limits.ts';
import type { ChatRequest } from './requestSchema.ts';

/**
 * How a request wants tokens to be drawn, over the model's own settings: OpenAI's names to the session's. Without a
 * seed, every request gets another one. Throws ApiError for more tokens than the server gives.
 */
export function settingsOf(
  request: ChatRequest,
  { maxTokens: most }: Pick<Limits, 'maxTokens'>,
  model: Partial<GenerationSettings>,
): Partial<GenerationSettings> {
  const field = request.max_completion_tokens === undefined ? 'max_tokens' : 'max_completion_tokens';
  const maxTokens = request[field];
  if (maxTokens !== undefined && maxTokens > most) {
    const message = `${field}: the server gives at most ${most} tokens`;
    throw new ApiError(400, message, { param: field, code: 'invalid_value' });
  }
  const { temperature, top_p, top_k, repetition_penalty, stop, logit_bias } = request;
  return {
    maxTokens: maxTokens ?? Math.min(most, model.maxTokens ?? most),
    seed: request.seed ?? randomInt(2 ** 32),
    ...(temperature === undefined ? {} : { temperature }),
    ...(top_p === undefined ? {} : { topP: top_p }),
    ...(top_k === undefined ? {} : { topK: top_k }),
    ...(repetition_penalty === undefined ? {} : { repetitionPenalty: repetition_penalty }),
    ...(stop === undefined ? {} : { stopStrings: typeof stop === 'string' ? [stop] : stop }),
    ...(logit_bias === undefined ? {} : { logitBias: biases(logit_bias) }),
  };
}

function biases(given: Readonly<Record<string, number>>): ReadonlyMap<number, number> {
  return new Map(Object.entries(given).map(([token, bias]) => [Number(token), bias]));
}
