import type { ChatTemplate, RenderOptions } from './chatTemplate.ts';
import type { ChatMessage } from './messages.ts';
import { encodePrompt } from './prompt.ts';
import type { Tokenizer } from './tokenizer.ts';
import { type ImageDelimiters, windowPrompt } from './windowPrompt.ts';

/** The text around the frames of a live captioning; what `captionStream` takes. */
export interface CaptionPrompt {
  /** Text before the first frame: instructions, and the start of the assistant's turn. */
  readonly before: readonly number[];
  /** Text after the first frame: its delimiters, and the first words of the caption. */
  readonly after: readonly number[];
  /** Text of every later frame. */
  readonly delimiters: readonly number[];
}

/**
 * Captioning is one assistant turn that never ends: `instructions` are the messages before it, `prefix` the words that
 * the first caption starts with, as in the authors' scripts ("In this video").
 */
export function captionPrompt(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  {
    instructions,
    prefix,
    imageToken,
    delimiters,
    ...options
  }: {
    readonly instructions: readonly ChatMessage[];
    readonly prefix: string;
    readonly imageToken: string;
    readonly delimiters: ImageDelimiters;
  } & RenderOptions,
): CaptionPrompt {
  const caption: ChatMessage = { role: 'assistant', content: [{ type: 'image' }, { type: 'text', text: prefix }] };
  const text = template.open([...instructions, caption], options);
  const turns = windowPrompt(encodePrompt(tokenizer, text, { imageToken, images: 1 }), delimiters);
  const idsOf = (image: number | undefined) => turns.find((turn) => turn.image === image)?.ids ?? [];
  return { before: idsOf(undefined), after: idsOf(0), delimiters: [...delimiters.before, ...delimiters.after] };
}
