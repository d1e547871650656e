import { createHash } from 'node:crypto';
import { completeSettings, type Finish, type Generated, type GenerationSettings, generate } from '@casement/session';
import { imagesOf, type WindowTurn } from '@casement/session/text';
import { historyOf } from '../../model/chat.ts';
import { chatPrompt, type Message } from '../../model/chatPrompt.ts';
import type { PromptTokens } from '../../model/checkRoom.ts';
import { measurePrompt, readPrompt } from '../../model/readPrompt.ts';
import type { KeyedTurn } from '../keptConversations.ts';
import type { ServedModel } from '../servedModel.ts';
import type { Visit } from '../slots.ts';
import { checkTextLength } from '../textBound.ts';

export interface AnswerInputs {
  readonly visit: Visit;
  /** Which requests may go on with the conversation. */
  readonly scope: string;
  readonly messages: () => Promise<readonly Message[]>;
  readonly settings: Partial<GenerationSettings>;
  readonly signal: AbortSignal;
  /** Is told how long the prompt is, and how many of its tokens were in the caches already. */
  readonly onPrompt: (tokens: PromptTokens, cached: number) => void;
}

/** Tokens of a prompt that is worth keeping; a shorter one is read at once, and others run faster side by side. */
const WORTH_KEEPING = 64;

/**
 * Answers messages, in a conversation that said all of them but the newest or in one of its own; the visit ends when the
 * answer does, in whatever way. Throws as `Chat.ask`.
 */
export async function* answer(
  { files, text }: ServedModel,
  { visit, scope, messages, settings: wanted, signal, onPrompt }: AnswerInputs,
): AsyncGenerator<Generated> {
  try {
    const settings = completeSettings({ ...files.generation.settings, ...wanted });
    const read = await messages();
    checkTextLength(files.manifest, textsOf(read));
    const inserts = files.manifest.entries.insertImage !== undefined;
    const prompt = await chatPrompt({ text, readImage: files.readImage, inserts }, undefined, read, {});
    const turns = keyed(prompt.turns, read);
    const { session, held } = await visit.session({ scope, turns }, signal);
    const { tokens, cached, room } = measurePrompt(session, prompt, held);
    onPrompt(tokens, cached);
    await readPrompt(session, prompt, held, signal);
    const bounded = { ...settings, maxTokens: Math.min(settings.maxTokens, room) };
    const history = historyOf(prompt.turns, text, inserts);
    const said: number[] = [];
    let finish: Finish | undefined;
    for await (const generated of generate(session, bounded, { tokenizer: text.tokenizer, history, signal })) {
      said.push(generated.token);
      finish = generated.finish;
      yield generated;
    }
    // A stop string is in the caches and not in the answer, which can never be its continuation.
    if (finish === 'stopString' || tokens.text + tokens.images < WORTH_KEEPING) return;
    const last = turns.at(-1);
    const whole = last ? [...turns.slice(0, -1), { ...last, ids: [...last.ids, ...said] }] : [];
    await visit.leave({ scope, session, turns: whole });
  } finally {
    await visit.leave();
  }
}

/** Turns with what their pictures are known by. */
function keyed(turns: readonly WindowTurn[], messages: readonly Message[]): KeyedTurn[] {
  const hashes = imagesOf(messages).map((part) => {
    const image = part.type === 'image' ? part.image : undefined;
    return createHash('sha256')
      .update(image ?? '')
      .digest('base64');
  });
  return turns.map(({ image, ids }) => {
    const hash = image === undefined ? undefined : hashes[image];
    return hash === undefined ? { ids } : { image: hash, ids };
  });
}

function textsOf(messages: readonly Message[]): string[] {
  return messages.flatMap(({ content }) => {
    if (typeof content === 'string') return [content];
    return content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  });
}
