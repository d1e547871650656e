import { type Command, Option } from 'commander';
import type { Target } from '../artifact/compile.ts';
import { benchArtifact } from '../bench/benchArtifact.ts';
import { formatBench } from '../bench/formatBench.ts';
import { parseCount, variantOption } from './options.ts';

interface Flags {
  readonly target: Target;
  readonly variant?: string;
  readonly tune?: boolean;
  readonly context: number;
  readonly tokens: number;
  readonly prompt: number;
  readonly repeats: number;
  readonly json?: boolean;
}

export function addBench(program: Command, signal: AbortSignal): void {
  program
    .command('bench')
    .summary('time an artifact on the device at hand, and count what it asks of it')
    .description(
      'Loads an artifact and measures reading a prompt, encoding and showing an image, and decoding greedily, and says ' +
        'what of these it cannot measure. On WebGPU it also counts the calls that each token makes; counts are exact, ' +
        'times belong to this machine.',
    )
    .argument('<artifact>', 'a folder that casement build wrote')
    .addOption(new Option('--target <target>', 'where to run').choices(['onnx', 'webgpu']).default('webgpu'))
    .addOption(variantOption())
    .option('--tune', 'measure the device classes that the device can run, and take the fastest')
    .option('--context <n>', 'text tokens in the cache before decoding', parseCount, 512)
    .option('--tokens <n>', 'tokens to decode', parseCount, 32)
    .option('--prompt <n>', 'tokens of the prompt', parseCount, 256)
    .option('--repeats <n>', 'how often to read the prompt and show an image', parseCount, 5)
    .option('--json', 'print everything as JSON')
    .addHelpText(
      'after',
      `
Examples:
  casement bench out/casa
  casement bench out/casa --target onnx --context 128
  casement bench out/casa --tune
  casement bench out/casa --json > bench.json`,
    )
    .action(async (artifact: string, { json, ...options }: Flags) => {
      const onPhase = (phase: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${phase} …`);
      const report = await benchArtifact(artifact, { ...options, signal, onPhase });
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
      console.log(json ? JSON.stringify(report, null, 2) : formatBench(report));
    });
}
