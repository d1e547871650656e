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

export interface Continuation {
  /** The answer as a message of the chat: without the stop token, which the template writes. */
  readonly message: ChatMessage<never>;
  /** The text that must follow the answer. */
  readonly text: string;
}

/**
 * How a chat goes on where the model's caches stand after an answer, so that nothing is read twice. Undefined when the
 * template writes the past differently once there is more of it (some drop a model's thoughts, or trim): then the caches
 * must be reset and the whole chat fed.
 */
export function continueChat(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  { messages, answer, next }: Answered,
  options?: RenderOptions,
): Continuation | undefined {
  const past = template.prompt(messages, options) + tokenizer.decode(answer);
  // An answer that was cut has no stop token to leave out.
  for (const content of [tokenizer.decode(answer.slice(0, -1)), tokenizer.decode(answer)]) {
    const message: ChatMessage<never> = { role: 'assistant', content };
    const whole = template.prompt([...messages, message, ...next], options);
    if (whole.startsWith(past)) return { message, text: whole.slice(past.length) };
  }
  return undefined;
}
