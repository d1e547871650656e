/** What the picture of a system shows, and what its row in docs/zoo.md is measured on. */
export interface Sheet {
  /** The block that makes it what it is. */
  readonly block: { readonly scope?: string; readonly entry?: string; readonly depth?: number };
  /** What is different in `config.json` at the size of the table; nested objects are changed field by field. */
  readonly config: object;
  /** In words: what that size is. */
  readonly size: string;
  readonly runs: readonly Run[];
  /** Tokens of an image that then go into the text like words; absent where nothing does. */
  readonly inserted?: number;
}

/** A run of an entry. */
export interface Run {
  readonly entry: string;
  /** What it is, in words. */
  readonly given: string;
  /** The sizes of the program's dims in it. */
  readonly dims: Readonly<Record<string, number>>;
  /** `image`: what an image costs once; `token`: what each token of text costs; `pass`: everything at once. */
  readonly role: 'image' | 'token' | 'pass';
}

/** The backbone of the table: Helium-1-2B's. */
export const backbone = {
  vocab_size: 64000,
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 28,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  head_dim: 128,
};

/** The backbone with seven more layers, which read the image, as Llama 3.2 Vision spaces them. */
export const interleaved = {
  ...backbone,
  num_hidden_layers: 35,
  cross_attention_layers: [3, 8, 13, 18, 23, 28, 33],
};

/** BERT base, and a ViT of that width. */
export const base = { hidden_size: 768, num_attention_heads: 12, intermediate_size: 3072 };
