import { type Command, Option } from 'commander';
import type { Target } from '../artifact/compile.ts';
import { readManifest } from '../artifact/manifest.ts';
import { UserError } from '../error.ts';
import { openModel } from '../model/openModel.ts';
import { run } from '../run.ts';
import { type AnswerFlags, answer, chat } from './answer.ts';
import { collect, type GenerationFlags, generationOptions, parseNumber } from './generationOptions.ts';
import { parseCount, variantOption } from './options.ts';

interface Flags extends GenerationFlags, AnswerFlags {
  readonly target?: Target;
  readonly variant?: string;
  readonly chat?: true;
  readonly maxPixels?: number;
  readonly input?: string;
  readonly tokens: number;
}

export function addRun(program: Command, signal: AbortSignal): void {
  const command = program
    .command('run')
    .summary('ask an artifact about pictures, or continue token ids')
    .description(
      'Answers a question about pictures, or any prompt, with the tokenizer that the artifact was built with.',
    )
    .argument('<artifact>', 'a folder made by casement build')
    .option('--prompt <text>', 'what to ask')
    .option('--image <file>', 'a PNG, JPEG or WebP that stands before the prompt; may be given again', collect)
    .option('--system <text>', 'the system message')
    .option('--chat', 'go on with lines from the standard input; "/image FILE" adds a picture to the next one')
    .addOption(targetOption())
    .addOption(variantOption());
  generationOptions(command)
    .option('--stop <text>', 'ends the answer and is left out of it; may be given again', collect)
    .option('--max-pixels <n>', 'shrink pictures to this area', parseNumber)
    .option('--json', 'print the answer, its tokens and why it ended as JSON, a line for each answer')
    .option('--input <file>', 'token ids and images in place of a prompt: a .safetensors file; prints ids')
    .option('--tokens <n>', 'with --input: how many tokens to generate', parseCount, 16)
    .addHelpText(
      'after',
      `
With --input, --stop takes comma-separated ids.

Examples:
  casement run dist/model --image photo.jpg --prompt "What is this?"
  casement run dist/model --chat --target webgpu --temperature 0.7 --seed 1
  casement run dist/model --input prompt.safetensors --tokens 8`,
    )
    .action(async (artifact: string, flags: Flags) => {
      if (flags.input !== undefined) return continueIds(artifact, flags.input, flags, signal);
      if (flags.prompt === undefined && !flags.chat) {
        throw new UserError('give a question with --prompt, lines with --chat, or token ids with --input');
      }
      const { target, variant, maxPixels } = flags;
      const model = await openModel(artifact, {
        ...(target ? { target } : {}),
        variant,
        ...(maxPixels === undefined ? {} : { maxPixels }),
      });
      try {
        const { ignored } = model.generation;
        if (ignored.length > 0) console.warn(`warning: generation_config.json: ${ignored.join(', ')} not implemented`);
        await (flags.chat ? chat(model, flags, signal) : answer(model, flags, signal));
      } finally {
        await model.dispose();
      }
    });
}

export function targetOption(): Option {
  return new Option('--target <target>', 'what to run it on (default: what it was built for, onnx first)').choices([
    'onnx',
    'webgpu',
  ]);
}

async function continueIds(
  artifact: string,
  input: string,
  { target, variant, tokens, stop = [] }: Flags,
  signal: AbortSignal,
): Promise<void> {
  const { targets } = await readManifest(artifact);
  const chosen = target ?? (targets.onnx && variant === undefined ? 'onnx' : 'webgpu');
  for await (const token of run({
    artifact,
    input,
    target: chosen,
    variant,
    maxTokens: tokens,
    stop: stop.flatMap(parseIds),
    signal,
  })) {
    process.stdout.write(`${token} `);
  }
  process.stdout.write('\n');
}

function parseIds(text: string): number[] {
  return text.split(',').map((part) => {
    const id = Number(part);
    if (part.trim() !== '' && Number.isSafeInteger(id) && id >= 0) return id;
    throw new UserError(`--stop: "${part}" is no token id; with --input, give ids with commas between them`);
  });
}
