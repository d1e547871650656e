import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { TextError } from './error.ts';
import { createTextStream, type TextStream } from './textStream.ts';
import type { JsonObject, TokenizerFiles } from './tokenizerFiles.ts';

export interface EncodeOptions {
  /** Add what the tokenizer puts around a text, such as a beginning-of-text token. Default: true, as in transformers. */
  readonly addSpecialTokens?: boolean;
}

export interface DecodeOptions {
  /** Leave out special tokens such as `<|im_end|>`. Default: false, as in transformers. */
  readonly skipSpecialTokens?: boolean;
}

/** Text to token ids and back, as transformers' AutoTokenizer does it. */
export interface Tokenizer {
  /** Special tokens that stand in the text are recognised. */
  encode(text: string, options?: EncodeOptions): number[];
  /** Ids without a token (a padded vocabulary has them) give no text; bytes that are no UTF-8 give U+FFFD. */
  decode(ids: readonly number[], options?: DecodeOptions): string;
  /** Decodes tokens one by one, as they are generated. */
  stream(options?: DecodeOptions): TextStream;
  /** The id of a token by its text, undefined if the vocabulary has none. */
  idOf(token: string): number | undefined;
  /** Named tokens of `tokenizer_config.json`, such as `eos_token`. */
  readonly named: Readonly<Record<string, string>>;
}

/** Builds a tokenizer. Throws TextError when `tokenizer.json` is of a kind that is not understood. */
export function openTokenizer({ tokenizer: json, config }: TokenizerFiles): Tokenizer {
  const inner = build(json, config);
  // transformers 5 leaves the spaces before punctuation alone unless it is told otherwise.
  const cleanUp = config.clean_up_tokenization_spaces === true;
  const decode = (ids: readonly number[], { skipSpecialTokens = false }: DecodeOptions = {}): string => {
    const known = ids.filter((id) => inner.id_to_token(id) !== undefined);
    if (known.length === 0) return '';
    return inner.decode(known, { skip_special_tokens: skipSpecialTokens, clean_up_tokenization_spaces: cleanUp });
  };
  return {
    encode: (text, { addSpecialTokens = true } = {}) =>
      inner.encode(text, { add_special_tokens: addSpecialTokens }).ids,
    decode,
    stream: (options) => createTextStream((ids) => decode(ids, options)),
    idOf: (token) => inner.token_to_id(token),
    named: namedTokens(config),
  };
}

function build(json: JsonObject, config: JsonObject): HuggingFaceTokenizer {
  try {
    return new HuggingFaceTokenizer(json, config);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TextError(`tokenizer.json cannot be used: ${reason}`, { cause });
  }
}

/** A named token is its text, or an object with its text as `content`. */
function namedTokens(config: JsonObject): Record<string, string> {
  const named: Record<string, string> = {};
  for (const [name, value] of Object.entries(config)) {
    if (!name.endsWith('_token')) continue;
    if (typeof value === 'string') named[name] = value;
    else if (typeof value === 'object' && value !== null && 'content' in value) named[name] = String(value.content);
  }
  return named;
}
