import { createInterface } from 'node:readline';
import type { Message } from '../model/chatPrompt.ts';
import type { OpenModel } from '../model/openModel.ts';
import { type GenerationFlags, settingsOf } from './generationOptions.ts';

export interface AnswerFlags extends GenerationFlags {
  readonly prompt?: string;
  readonly image?: readonly string[];
  readonly system?: string;
  readonly stop?: readonly string[];
  readonly json?: true;
}

/** Prints the answer to one question as it comes. */
export async function answer(model: OpenModel, flags: AnswerFlags, signal: AbortSignal): Promise<void> {
  await print(model, [...systemMessage(flags), userMessage(flags.image ?? [], flags.prompt ?? '')], flags, signal);
}

/** Answers line after line of the standard input, until it ends. */
export async function chat(model: OpenModel, flags: AnswerFlags, signal: AbortSignal): Promise<void> {
  let opening = systemMessage(flags);
  let images = [...(flags.image ?? [])];
  const ask = async (text: string): Promise<void> => {
    const messages = [...opening, userMessage(images, text)];
    [opening, images] = [[], []];
    await print(model, messages, flags, signal);
  };
  if (flags.prompt !== undefined) await ask(flags.prompt);
  // Without `terminal`, Ctrl-C stays a signal and does not become a key.
  const lines = createInterface({ input: process.stdin, terminal: false, signal });
  const invite = () => process.stdin.isTTY && process.stderr.write('> ');
  invite();
  for await (const line of lines) {
    const [, file] = /^\/image\s+(.+?)\s*$/.exec(line) ?? [];
    if (file !== undefined) {
      await model.readImage(file).then(
        () => images.push(file),
        (error: Error) => {
          if (!process.stdin.isTTY) throw error;
          console.error(`error: ${error.message}`); // a typing error need not end a conversation
        },
      );
    } else if (line.trim() !== '') {
      await ask(line);
    }
    invite();
  }
  signal.throwIfAborted();
}

async function print(
  model: OpenModel,
  messages: readonly Message[],
  flags: AnswerFlags,
  signal: AbortSignal,
): Promise<void> {
  const settings = { ...settingsOf(flags), ...(flags.stop ? { stopStrings: flags.stop } : {}) };
  const tokens: number[] = [];
  let text = '';
  let finish: string | undefined;
  try {
    for await (const generated of model.ask(messages, { settings, signal })) {
      tokens.push(generated.token);
      text += generated.text;
      finish = generated.finish;
      if (!flags.json) process.stdout.write(generated.text);
    }
  } finally {
    if (!flags.json && tokens.length > 0) process.stdout.write('\n');
  }
  if (flags.json) console.log(JSON.stringify({ text, tokens, finish }));
}

function systemMessage({ system }: AnswerFlags): Message[] {
  return system === undefined ? [] : [{ role: 'system', content: system }];
}

/** Pictures stand before the text, where models are trained to find them. */
function userMessage(images: readonly string[], text: string): Message {
  if (images.length === 0) return { role: 'user', content: text };
  return {
    role: 'user',
    content: [...images.map((image) => ({ type: 'image', image }) as const), { type: 'text', text }],
  };
}
