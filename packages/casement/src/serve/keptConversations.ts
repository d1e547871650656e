import type { Session } from '@casement/session';
import type { Held } from '../model/readPrompt.ts';

/** A stretch of text and the picture shown before it, known by a hash of its file. */
export interface KeyedTurn {
  readonly image?: string;
  readonly ids: readonly number[];
}

/** What a conversation is recognised by when it goes on. */
export interface Reading {
  /** Only requests of one scope go on with each other's conversations. */
  readonly scope: string;
  readonly turns: readonly KeyedTurn[];
}

/** A conversation whose answer is complete, with a session whose caches hold all of it. */
export interface Kept extends Reading {
  readonly session: Session;
}

/** People take minutes to go on. What they said does not stay for longer. */
const KEPT_MILLISECONDS = 10 * 60_000;

/**
 * Finished conversations with their caches: clients send everything said again with the next question, and need not have
 * it read again. Nothing is taken from here but by who sends all of it, token by token.
 */
export class KeptConversations {
  /** Oldest first. */
  private readonly kept = new Map<Kept, NodeJS.Timeout>();

  constructor(private readonly most: number) {}

  /** Keeps a conversation until it is taken or has got old. Gives one that must leave, if there are too many. */
  add(conversation: Kept): Kept | undefined {
    const expire = () => {
      if (this.remove(conversation)) void conversation.session.executor.dispose().catch(() => {}); // it ended well
    };
    this.kept.set(conversation, setTimeout(expire, KEPT_MILLISECONDS).unref());
    return this.kept.size > this.most ? this.takeOldest() : undefined;
  }

  /** Takes the conversation that holds most of a prompt, and nothing else. */
  take(prompt: Reading): { readonly session: Session; readonly held: Held } | undefined {
    const [best] = [...this.kept.keys()]
      .flatMap((kept) => {
        const held = kept.scope === prompt.scope ? heldOf(kept.turns, prompt.turns) : undefined;
        return held ? [{ kept, held }] : [];
      })
      .sort((a, b) => b.held.turns - a.held.turns || b.held.ids - a.held.ids);
    if (best === undefined) return undefined;
    this.remove(best.kept);
    return { session: best.kept.session, held: best.held };
  }

  takeOldest(): Kept | undefined {
    const [oldest] = this.kept.keys();
    if (oldest) this.remove(oldest);
    return oldest;
  }

  private remove(conversation: Kept): boolean {
    clearTimeout(this.kept.get(conversation));
    return this.kept.delete(conversation);
  }
}

/** How much of a prompt is held, if it begins with all that is. The last turn held has text: an answer. */
function heldOf(held: readonly KeyedTurn[], prompt: readonly KeyedTurn[]): Held | undefined {
  const last = held.length - 1;
  const begins = held.every(({ image, ids }, i) => {
    const turn = prompt[i];
    const isWhole = i === last || turn?.ids.length === ids.length;
    return turn !== undefined && isWhole && turn.image === image && ids.every((id, at) => turn.ids[at] === id);
  });
  return begins ? { turns: last, ids: held[last]?.ids.length ?? 0 } : undefined;
}
