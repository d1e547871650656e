import assert from 'node:assert/strict';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './runCommand.ts';

/** No package needs its install script; without them, nothing is fetched that npm does not keep in its cache. */
const INSTALL = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];

/**
 * What a newcomer does, in an empty folder of its own: installs the tarballs, makes a project, installs there, checks
 * types, runs its tests and starts it. Throws with the output of the step that fails.
 */
export async function startProject(dir: string, tarballs: readonly string[]): Promise<void> {
  const empty = join(dir, 'empty');
  await mkdir(empty);
  await writeFile(join(empty, 'package.json'), '{ "private": true }');
  await runCommand('npm', [...INSTALL, ...tarballs], empty);
  await runCommand('npx', ['--no-install', 'casement', 'init', 'my-model'], empty);

  const project = join(empty, 'my-model');
  // What is there need not be unpacked again, and nothing must be found in a folder above the project.
  await rename(join(empty, 'node_modules'), join(project, 'node_modules'));
  // The registry does not have these versions; the tarballs stand for it.
  await runCommand('npm', [...INSTALL, ...tarballs], project);
  await runCommand('npx', ['--no-install', 'tsc'], project);
  const tests = await runCommand('npm', ['test'], project);
  assert.match(tests, /2 passed/);
  const answers = await runCommand('npm', ['start'], project);
  const [, onnx, webgpu] = /onnx: (.+)\nwebgpu: (.+)\n/.exec(answers) ?? [];
  assert.ok(onnx, `npm start prints an answer, got:\n${answers}`);
  assert.equal(webgpu, onnx);
}
