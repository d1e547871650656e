export { type CaptionPrompt, captionPrompt } from './captionPrompt.ts';
export { type ChatTemplate, openChatTemplate, type RenderOptions } from './chatTemplate.ts';
export { type Answered, type Continuation, continueChat } from './continuation.ts';
export { TextError } from './error.ts';
export { type InsertionPrompt, insertionPrompt } from './insertionPrompt.ts';
export {
  type ChatMessage,
  type ContentPart,
  type ImagePart,
  type ImageUrlPart,
  imagesOf,
  type TextPart,
} from './messages.ts';
export { encodePrompt, type PromptParts } from './prompt.ts';
export type { TextStream } from './textStream.ts';
export { type DecodeOptions, type EncodeOptions, openTokenizer, type Tokenizer } from './tokenizer.ts';
export { type JsonObject, type ReadText, readTokenizerFiles, type TokenizerFiles } from './tokenizerFiles.ts';
export { type ImageDelimiters, type WindowTurn, windowPrompt } from './windowPrompt.ts';
