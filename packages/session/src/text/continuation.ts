import type { ChatTemplate, RenderOptions } from './chatTemplate.ts';
import type { ChatMessage } from './messages.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface Answered {
  /** What was asked: the messages that {@link ChatTemplate.prompt} rendered. */
  readonly messages: readonly ChatMessage[];
  /** The tokens of the answer as they were fed to the model, the stop token too if there was one. */
  readonly answer: readonly number[];
  /** What is asked next. */
  readonly next: readonly ChatMessage[];
}

/**
 * The text that must follow an answer for the chat to go on where the model's caches stand, so that nothing is read
 * twice. Undefined when the template writes the past differently once there is more of it (some drop a model's
 * thoughts, or trim): then the caches must be reset and the whole chat fed.
 */
export function continueChat(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  { messages, answer, next }: Answered,
  options?: RenderOptions,
): string | undefined {
  const shown = tokenizer.decode(answer, { skipSpecialTokens: true });
  const past = template.prompt(messages, options) + tokenizer.decode(answer);
  const whole = template.prompt([...messages, { role: 'assistant', content: shown }, ...next], options);
  return whole.startsWith(past) ? whole.slice(past.length) : undefined;
}
