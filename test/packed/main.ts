import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lintPackages } from './lintPackages.ts';
import { packPackages } from './packPackages.ts';
import { startProject } from './startProject.ts';

/**
 * Packs every package as it would be published, lints the tarballs, and starts a project from them in an empty folder.
 * Needs a build, and npm's cache or a registry for what the packages depend on.
 */
const dir = await mkdtemp(join(tmpdir(), 'casement-packed-'));
try {
  const tarballs = await timed('packed', () => packPackages(dir));
  await timed('linted', () => lintPackages(tarballs));
  await timed('started a project', () => startProject(dir, tarballs));
} finally {
  await rm(dir, { recursive: true, force: true });
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  console.log(`${what} in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  return result;
}
