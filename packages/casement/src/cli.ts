import { createRequire } from 'node:module';
import { Command } from 'commander';
import { addBench } from './commands/bench.ts';
import { addBuild } from './commands/build.ts';
import { addCaption } from './commands/caption.ts';
import { addImport } from './commands/import.ts';
import { addInit } from './commands/init.ts';
import { addInspect } from './commands/inspect.ts';
import { addRandomWeights } from './commands/randomWeights.ts';
import { addRun } from './commands/run.ts';
import { addServe } from './commands/serve.ts';
import { addVerify } from './commands/verify.ts';

/** Errors whose message is written for the user; anything else is a bug and keeps its stack. */
const FOR_USERS = new Set([
  'UserError',
  'ConfigError',
  'ModelError',
  'IrError',
  'WeightError',
  'InputError',
  'TextError',
  'ImageError',
  'SettingsError',
  'RuntimeError',
  'AbortError',
]);

export async function main(argv: readonly string[]): Promise<void> {
  const controller = new AbortController();
  const stop = () => controller.abort(new DOMException('interrupted; nothing was left behind', 'AbortError'));
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
  const { version }: { version: string } = createRequire(import.meta.url)('../package.json');
  const program = new Command('casement')
    .description('Define a vision-language model once in TypeScript; compile it to ONNX and WebGPU.')
    .version(version)
    .showHelpAfterError('(add --help for usage)');
  addInit(program, controller.signal);
  addImport(program);
  addBuild(program, controller.signal);
  addVerify(program, controller.signal);
  addInspect(program);
  addRun(program, controller.signal);
  addCaption(program, controller.signal);
  addServe(program, controller.signal);
  addBench(program, controller.signal);
  addRandomWeights(program, controller.signal);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = 1;
    // The system's own errors (no such folder, disk full, no permission) name the path and need no stack.
    const forUser = error instanceof Error && (FOR_USERS.has(error.name) || 'syscall' in error);
    if (forUser) console.error(`error: ${error.message}`);
    else console.error(error);
  }
}

await main(process.argv);
