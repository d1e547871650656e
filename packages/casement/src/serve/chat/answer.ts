import { type Generated, type GenerationSettings, Session } from '@casement/session';
import { openChat } from '../../model/chat.ts';
import type { Message } from '../../model/chatPrompt.ts';
import type { PromptTokens } from '../../model/checkRoom.ts';
import type { ServedModel } from '../servedModel.ts';
import type { Visit } from '../slots.ts';

export interface AnswerInputs {
  readonly visit: Visit;
  readonly messages: () => Promise<readonly Message[]>;
  readonly settings: Partial<GenerationSettings>;
  readonly signal: AbortSignal;
  readonly onPrompt: (tokens: PromptTokens) => void;
}

/**
 * Answers messages in a conversation of its own; the visit ends when the answer does, in whatever way. Throws what
 * `Chat.ask` throws.
 */
export async function* answer(
  { files, text }: ServedModel,
  { visit, messages, settings, signal, onPrompt }: AnswerInputs,
): AsyncGenerator<Generated> {
  try {
    const read = await messages();
    const session = new Session(await visit.executor(signal));
    const chat = openChat({ session, text, readImage: files.readImage, settings: files.generation.settings });
    yield* chat.ask(read, { settings, signal, onPrompt });
  } finally {
    await visit.leave();
  }
}
