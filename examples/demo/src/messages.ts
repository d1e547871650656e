import type { LoadProgress } from '@casement/runtime';
import type { Handlers as AnyHandlers } from '@casement/session/worker';
import type { Frame } from '../../captioner/src/draw.ts';

/** What the page shows about a loaded model and what it runs on. */
export interface Facts {
  readonly device: string;
  readonly variant: string;
  readonly kernels: number;
  readonly dtype: string;
  readonly weightBytes: number;
  /** All that is on the GPU. */
  readonly memoryBytes: number;
  /** Positions that the text cache has room for. */
  readonly capacity: number;
}

export type OpenStep =
  | { readonly kind: 'progress'; readonly progress: LoadProgress }
  | { readonly kind: 'ready'; readonly facts: Facts };

/** What a frame took. Bytes are the most keys and values held while its caption was written. */
export interface Cost {
  /** From the frame's pixels to the caption's last token. */
  readonly milliseconds: number;
  readonly imageBytes: number;
  readonly textBytes: number;
}

export type CaptionStep =
  /** The conversation had no room for another frame and began anew. */
  | { readonly kind: 'restart' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'end'; readonly cost: Cost };

/** What the worker offers. */
export interface Handlers extends AnyHandlers {
  /** Loads the artifact at an address, in place of the one before. */
  open(address: string, signal: AbortSignal): AsyncGenerator<OpenStep>;
  caption(frame: Frame): AsyncGenerator<CaptionStep>;
  /** Forgets all frames and captions. */
  reset(argument?: undefined): Promise<void>;
  /** Frees the model. */
  close(argument?: undefined): Promise<void>;
}
