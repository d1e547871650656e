import type { GenerationSettings } from '@casement/session';
import { type Command, InvalidArgumentError } from 'commander';

export interface GenerationFlags {
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly repetitionPenalty?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly seed?: number;
}

/** Options that say how tokens are drawn, over the checkpoint's `generation_config.json`. */
export function generationOptions(command: Command): Command {
  return command
    .option('--max-tokens <n>', 'at most so many tokens', parseNumber)
    .option('--temperature <t>', '0 takes the likeliest token', parseNumber)
    .option('--top-k <k>', 'draw from the k likeliest tokens', parseNumber)
    .option('--top-p <p>', 'draw from the likeliest tokens with this much probability together', parseNumber)
    .option('--repetition-penalty <r>', 'above 1 makes tokens less likely that were there before', parseNumber)
    .option('--presence-penalty <p>', 'taken off the logit of every token that was generated', parseNumber)
    .option('--frequency-penalty <p>', 'taken off it for each time that it was generated', parseNumber)
    .option('--seed <n>', 'the same seed gives the same answer', parseNumber);
}

export function settingsOf(flags: GenerationFlags): Partial<GenerationSettings> {
  const { maxTokens, temperature, topK, topP, repetitionPenalty, presencePenalty, frequencyPenalty, seed } = flags;
  const drawing = { maxTokens, temperature, topK, topP, seed };
  const given = Object.entries({ ...drawing, repetitionPenalty, presencePenalty, frequencyPenalty });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** Any number: `completeSettings` says which ones make sense. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('Give a number.');
  return value;
}

/** Collects the values of an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
