import { createProgram } from './commands/program.ts';

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
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const stop = () => {
    for (const name of signals) process.off(name, stop); // whoever sends a second one does not want to wait
    controller.abort(new DOMException('interrupted; nothing was left behind', 'AbortError'));
  };
  for (const name of signals) process.on(name, stop);
  const program = createProgram(controller.signal);
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
