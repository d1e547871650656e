import { createRequire } from 'node:module';
import { Command } from 'commander';
import { addBench } from './bench.ts';
import { addBuild } from './build.ts';
import { addCaption } from './caption.ts';
import { addImport } from './import.ts';
import { addInit } from './init.ts';
import { addInspect } from './inspect.ts';
import { addRandomWeights } from './randomWeights.ts';
import { addRun } from './run.ts';
import { addServe } from './serve.ts';
import { addVerify } from './verify.ts';

/** The command `casement` with all of its commands, in the order in which one meets them. `signal` stops what runs. */
export function createProgram(signal: AbortSignal): Command {
  const { version }: { version: string } = createRequire(import.meta.url)('../../package.json');
  const program = new Command('casement')
    .description('Define a vision-language model once in TypeScript; compile it to ONNX and WebGPU.')
    .version(version)
    .showHelpAfterError('(add --help for usage)')
    .addHelpText(
      'after',
      `
Examples:
  casement init my-model                                    a project to start from
  casement build checkpoint --dtype f16 --out dist/model    a Hugging Face folder, for both targets
  casement verify checkpoint --golden golden.safetensors    both targets against PyTorch
  casement run dist/model --image photo.jpg --prompt "What is this?"
  casement serve dist/model --port 8000

Every command has examples of its own: casement build --help`,
    );
  addInit(program, signal);
  addImport(program);
  addBuild(program, signal);
  addVerify(program, signal);
  addInspect(program);
  addRun(program, signal);
  addCaption(program, signal);
  addServe(program, signal);
  addBench(program, signal);
  addRandomWeights(program, signal);
  return program;
}
