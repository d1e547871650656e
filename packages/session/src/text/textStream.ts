/** Text that grows token by token. */
export interface TextStream {
  /** The text that is certain after one more token; empty while a character's bytes are not complete. */
  push(token: number): string;
  /** What was held back, with U+FFFD for bytes that never became a character. */
  end(): string;
}

const REPLACEMENT = '\ufffd';

/**
 * Decodes a growing list of tokens with a decoder of whole lists. A token is decoded together with those before it,
 * since its text may depend on them (a leading space, the first bytes of a character), but not with all: from the token
 * after which text was last given out. The way of Hugging Face's text-generation-inference.
 */
export function createTextStream(decode: (ids: readonly number[]) => string): TextStream {
  let ids: number[] = [];
  let shown = '';
  let givenOut = 0;
  const rest = (text: string): string => {
    const fresh = text.slice(shown.length);
    ids = ids.slice(givenOut);
    givenOut = ids.length;
    shown = decode(ids);
    return fresh;
  };
  return {
    push(token) {
      ids.push(token);
      const text = decode(ids);
      return text.length <= shown.length || text.endsWith(REPLACEMENT) ? '' : rest(text);
    },
    end: () => rest(decode(ids)),
  };
}
