import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Target } from '../artifact/compile.ts';
import { run } from '../run.ts';

interface Flags {
  readonly input: string;
  readonly target: Target;
  readonly tokens: number;
  readonly stop: number[];
}

export function addRun(program: Command, signal: AbortSignal): void {
  program
    .command('run')
    .summary('continue a conversation with an artifact')
    .description(
      'Feeds token ids and image embeddings from a .safetensors file (input_ids, insertion_points, image_lengths,\n' +
        'image_embeds) and prints the ids of the likeliest continuation.',
    )
    .argument('<artifact>', 'a folder made by casement build')
    .requiredOption('--input <file>', 'the .safetensors file')
    .addOption(new Option('--target <target>', 'what to run it on').choices(['onnx', 'webgpu']).default('onnx'))
    .option('--tokens <n>', 'how many tokens to generate', parseCount, 16)
    .option('--stop <ids>', 'comma-separated ids that end the answer', parseIds, [])
    .addHelpText('after', '\nExample:\n  casement run dist/model --input prompt.safetensors --target webgpu --tokens 8')
    .action(async (artifact: string, { input, target, tokens, stop }: Flags) => {
      for await (const token of run({ artifact, input, target, maxTokens: tokens, stop, signal })) {
        process.stdout.write(`${token} `);
      }
      process.stdout.write('\n');
    });
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('Give a whole number above 0.');
  return count;
}

function parseIds(text: string): number[] {
  return text.split(',').map((part) => {
    const id = Number(part);
    if (part.trim() === '' || !Number.isSafeInteger(id) || id < 0)
      throw new InvalidArgumentError(`"${part}" is no token id.`);
    return id;
  });
}
