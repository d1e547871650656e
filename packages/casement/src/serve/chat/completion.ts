import type { Finish } from '@casement/session';

/** What all chunks of an answer have in common. */
export interface CompletionHead {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: string;
}

/** Tokens of a prompt, those of pictures among them. */
export interface PromptUsage {
  readonly tokens: number;
  /** How many the caches held already. */
  readonly cached: number;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** A stop token counts as the answer's. */
export function usageOf({ tokens, cached }: PromptUsage, completionTokens: number): Usage {
  return {
    prompt_tokens: tokens,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens: completionTokens,
    total_tokens: tokens + completionTokens,
  };
}

export function finishReason(finish: Finish): 'stop' | 'length' {
  return finish === 'length' ? 'length' : 'stop';
}

/** A whole answer, as OpenAI's API gives it. */
export function completion(head: CompletionHead, content: string, finish: Finish, usage: Usage) {
  const message = { role: 'assistant', content, refusal: null };
  const choice = { index: 0, message, logprobs: null, finish_reason: finishReason(finish) };
  return { ...head, object: 'chat.completion', choices: [choice], usage };
}

interface Delta {
  readonly role?: 'assistant';
  readonly content?: string;
}

/** A piece of an answer. */
export function chunk(head: CompletionHead, delta: Delta, finish?: Finish) {
  const choice = { index: 0, delta, logprobs: null, finish_reason: finish ? finishReason(finish) : null };
  return { ...head, object: 'chat.completion.chunk', choices: [choice] };
}

/** What comes last when the client wants it: how many tokens there were. */
export function usageChunk(head: CompletionHead, usage: Usage) {
  return { ...head, object: 'chat.completion.chunk', choices: [], usage };
}
