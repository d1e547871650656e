import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { createProgram } from './program.ts';

const golden = join(import.meta.dirname, '../../golden/help');
const program = createProgram(new AbortController().signal);
const commands = [program, ...program.commands];

/** What `--help` prints, examples and all, in a terminal of 80 columns. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    getOutHelpWidth: () => 80,
    writeOut: (written) => {
      text += written;
    },
  });
  command.outputHelp();
  return text;
}

test.each(commands.map((command) => [command.name(), command] as const))('%s --help', async (name, command) => {
  const help = helpOf(command);
  expect(help).toMatch(/\nExamples?:\n {2}casement /);
  expect(help).not.toMatch(/default:\s+\[\]/); // says nothing to people
  await expect(help).toMatchFileSnapshot(join(golden, `${name}.txt`));
});

test('every golden is of a command that there is', () => {
  expect(readdirSync(golden).sort()).toEqual(commands.map((command) => `${command.name()}.txt`).sort());
});
