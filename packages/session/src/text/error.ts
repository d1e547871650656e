/** Tokenizer files, a chat template or messages that cannot be used. */
export class TextError extends Error {
  override readonly name = 'TextError';
}
