export { type CaptionPrompt, captionPrompt } from './caption-prompt.ts';
export { type ChatTemplate, openChatTemplate, type RenderOptions } from './chat-template.ts';
export { type Answered, continueChat } from './continuation.ts';
export { TextError } from './error.ts';
export { type InsertionPrompt, insertionPrompt } from './insertion-prompt.ts';
export {
  type ChatMessage,
  type ContentPart,
  type ImagePart,
  type ImageUrlPart,
  imagesOf,
  type TextPart,
} from './messages.ts';
export { encodePrompt, type PromptParts } from './prompt.ts';
export type { TextStream } from './text-stream.ts';
export { type DecodeOptions, type EncodeOptions, openTokenizer, type Tokenizer } from './tokenizer.ts';
export { type JsonObject, type ReadText, readTokenizerFiles, type TokenizerFiles } from './tokenizer-files.ts';
export { type ImageDelimiters, type WindowTurn, windowPrompt } from './window-prompt.ts';
