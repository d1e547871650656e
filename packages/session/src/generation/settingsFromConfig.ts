import { completeSettings, type GenerationSettings, SettingsError } from './settings.ts';

export interface ConfigSettings {
  readonly settings: Partial<GenerationSettings>;
  /** Keys that say something about generation that is not implemented. */
  readonly ignored: readonly string[];
}

/** Keys that do not change which tokens are chosen here. */
const NEUTRAL = new Set([
  ...['bos_token_id', 'pad_token_id', 'decoder_start_token_id', 'transformers_version', '_from_model_config'],
  ...[
    'use_cache',
    'max_length',
    'return_dict_in_generate',
    'output_attentions',
    'output_hidden_states',
    'output_scores',
  ],
]);

/** transformers draws from the 50 likeliest tokens unless a model or a user says otherwise. */
const DEFAULT_TOP_K = 50;

/** Reads a parsed `generation_config.json` as transformers 5.17 does. Throws SettingsError, naming the key. */
export function settingsFromConfig(config: Readonly<Record<string, unknown>>): ConfigSettings {
  const rest = new Map(Object.entries(config).filter(([key, value]) => value !== null && !NEUTRAL.has(key)));
  const take = <T>(key: string, read: (value: unknown) => T | undefined, wanted: string): T | undefined => {
    const value = rest.get(key);
    rest.delete(key);
    if (value === undefined) return undefined;
    const known = read(value);
    if (known === undefined) {
      throw new SettingsError(`generation_config.json: ${key} must be ${wanted}, got ${JSON.stringify(value)}`);
    }
    return known;
  };
  const number = (key: string) => take(key, asNumber, 'a number');
  const sample = take('do_sample', (value) => (typeof value === 'boolean' ? value : undefined), 'true or false');
  const drawing = {
    temperature: number('temperature') ?? 1,
    topK: number('top_k') ?? DEFAULT_TOP_K,
    topP: number('top_p'),
  };
  const settings = defined({
    maxTokens: number('max_new_tokens'),
    stopTokens: take('eos_token_id', (value) => asList(value, asNumber), 'a token id or a list of them'),
    stopStrings: take('stop_strings', (value) => asList(value, asText), 'a text or a list of them'),
    repetitionPenalty: number('repetition_penalty'),
    ...(sample ? drawing : {}),
  });
  if (sample && settings.temperature === 0) {
    throw new SettingsError('generation_config.json: temperature must be above 0 if do_sample is true');
  }
  try {
    completeSettings(settings);
  } catch (cause) {
    if (!(cause instanceof SettingsError)) throw cause;
    throw new SettingsError(`generation_config.json: ${cause.message}`, { cause });
  }
  return { settings, ignored: [...rest.keys()] };
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function asList<T>(value: unknown, read: (value: unknown) => T | undefined): T[] | undefined {
  const list = (Array.isArray(value) ? value : [value]).map(read);
  const known = list.filter((entry) => entry !== undefined);
  return known.length === list.length ? known : undefined;
}

type Optional = { readonly [K in keyof GenerationSettings]?: GenerationSettings[K] | undefined };

function defined(settings: Optional): Partial<GenerationSettings> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
