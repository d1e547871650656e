import { z } from 'zod';
import type { ErrorBody } from '../apiError.ts';

/** WebSocket subprotocol; clients may name it, and need not. */
export const PROTOCOL = 'casement.captions.v1';

/** Pages cannot set headers of a WebSocket, so they may give the API key as a second subprotocol with this beginning. */
export const KEY_PROTOCOL = 'casement-key.';

/** What clients send as text; frames are binary messages, each a PNG, JPEG or WebP file. */
export const clientMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    /** The first message. */
    type: z.literal('start'),
    /** What the model is to do. */
    prompt: z.string().optional(),
    /** The words with which the first caption starts. */
    prefix: z.string().optional(),
    /** The likeliest token always, instead of the CASA authors' settings, which forbid repetition. */
    greedy: z.boolean().optional(),
    /** Per frame. */
    max_tokens: z.int().min(1).optional(),
    temperature: z.number().min(0).max(2).optional(),
    top_p: z.number().gt(0).max(1).optional(),
    top_k: z.int().min(0).optional(),
    seed: z.int().optional(),
  }),
  /** Ends the session when the frame that is captioned is done. */
  z.strictObject({ type: z.literal('stop') }),
]);

export type ClientMessage = z.infer<typeof clientMessageSchema>;
export type StartMessage = Extract<ClientMessage, { type: 'start' }>;

/** What the server sends, as JSON text. `frame` counts the client's frames from 0. */
export type ServerMessage =
  /** Frames may come. */
  | { readonly type: 'ready'; readonly session: string; readonly model: string }
  /** More of a frame's caption. */
  | { readonly type: 'delta'; readonly frame: number; readonly text: string }
  /** All of it. */
  | {
      readonly type: 'caption';
      readonly frame: number;
      readonly text: string;
      readonly finish_reason: 'stop' | 'length';
      readonly tokens: number;
    }
  /** A newer frame came before its turn. */
  | { readonly type: 'skipped'; readonly frame: number }
  /** The text of the frames before filled the caches, so that this frame begins without it. */
  | { readonly type: 'restarted'; readonly frame: number }
  /** With a frame: that one is left out. Without: the connection closes. */
  | ({ readonly type: 'error'; readonly frame?: number } & ErrorBody);

/** Close codes beside those of RFC 6455. */
export const CLOSE = {
  done: 1000,
  shuttingDown: 1001,
  /** The first message must be `start`, and every text a message of the protocol. */
  refused: 1008,
  failed: 1011,
  /** No session is free. */
  busy: 1013,
  idle: 4408,
} as const;
