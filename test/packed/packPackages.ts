import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './runCommand.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Packs every package into `dir`, as `npm publish` would, and gives the tarballs. */
export async function packPackages(dir: string): Promise<string[]> {
  const folders = readdirSync(join(root, 'packages')).map((name) => `./packages/${name}`);
  await runCommand('npm', ['pack', ...folders, '--silent', '--pack-destination', dir], root);
  return readdirSync(dir)
    .filter((file) => file.endsWith('.tgz'))
    .map((file) => join(dir, file));
}
