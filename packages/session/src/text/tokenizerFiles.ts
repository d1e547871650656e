import { TextError } from './error.ts';

/** Parsed JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The files of a checkpoint folder that say how text becomes tokens. */
export interface TokenizerFiles {
  /** `tokenizer.json`. */
  readonly tokenizer: JsonObject;
  /** `tokenizer_config.json`. */
  readonly config: JsonObject;
  /** The chat template of `chat_template.jinja`, `chat_template.json` or `tokenizer_config.json`, the first that is there. */
  readonly chatTemplate?: string;
}

/** The text of a file of the folder, or undefined if there is none. */
export type ReadText = (name: string) => Promise<string | undefined>;

/**
 * Reads a folder's tokenizer files, wherever `read` finds them. Throws TextError, naming the file, when
 * `tokenizer.json` is missing or a file is not JSON.
 */
export async function readTokenizerFiles(read: ReadText): Promise<TokenizerFiles> {
  const names = ['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja', 'chat_template.json'] as const;
  const [tokenizer, config, jinja, wrapped] = await Promise.all(names.map(read));
  if (tokenizer === undefined) {
    throw new TextError(
      'the folder has no tokenizer.json: copy it from the model, or write it with transformers, ' +
        'AutoTokenizer.from_pretrained(folder).save_pretrained(folder)',
    );
  }
  const files = { tokenizer: parse(names[0], tokenizer), config: parse(names[1], config ?? '{}') };
  const template = jinja ?? templateOf(parse(names[3], wrapped ?? '{}')) ?? templateOf(files.config);
  return template === undefined ? files : { ...files, chatTemplate: template };
}

function parse(name: string, text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TextError(`${name} is not JSON: ${reason}`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TextError(`${name} must hold a JSON object`);
  }
  return { ...value };
}

/** `chat_template` is a text, or a list of named ones, of which "default" is meant for chats. */
function templateOf({ chat_template: template }: JsonObject): string | undefined {
  if (typeof template === 'string') return template;
  if (!Array.isArray(template)) return undefined;
  const named: unknown = template.find((entry: unknown) => isNamed(entry) && entry.name === 'default');
  return isNamed(named) ? named.template : undefined;
}

function isNamed(value: unknown): value is { readonly name: string; readonly template: string } {
  return typeof value === 'object' && value !== null && 'template' in value && typeof value.template === 'string';
}
