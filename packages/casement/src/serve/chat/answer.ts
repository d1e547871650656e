import { type Generated, type GenerationSettings, Session } from '@casement/session';
import { openChat } from '../../model/chat.ts';
import type { Message } from '../../model/chatPrompt.ts';
import type { PromptTokens } from '../../model/checkRoom.ts';
import type { ServedModel } from '../servedModel.ts';

export interface AnswerInputs {
  readonly messages: () => Promise<readonly Message[]>;
  readonly settings: Partial<GenerationSettings>;
  readonly signal: AbortSignal;
  readonly onPrompt: (tokens: PromptTokens) => void;
}

/**
 * Answers messages in a conversation of its own, which is given back when the answer ends, in whatever way. Throws
 * ApiError when the server is busy, and what `Chat.ask` throws.
 */
export async function* answer(
  { slots, files, text }: ServedModel,
  { messages, settings, signal, onPrompt }: AnswerInputs,
): AsyncGenerator<Generated> {
  const visit = slots.enter();
  try {
    const read = await messages();
    const session = new Session(await visit.executor(signal));
    const chat = openChat({ session, text, readImage: files.readImage, settings: files.generation.settings });
    yield* chat.ask(read, { settings, signal, onPrompt });
  } finally {
    await visit.leave();
  }
}
