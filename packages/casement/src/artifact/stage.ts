import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../error.ts';
import { MANIFEST_FILE } from './manifest.ts';

/**
 * Lets `write` fill a temporary folder beside `dir` and moves it into place when it is done, so that `dir` holds
 * either a whole artifact or what it held before. Throws UserError when `dir` holds something other than an artifact.
 */
export async function stageFolder<T>(dir: string, write: (staging: string) => Promise<T>): Promise<T> {
  const target = resolve(dir);
  await refuseForeignFolder(target);
  await mkdir(dirname(target), { recursive: true });
  const staging = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  // mkdtemp makes folders that only their owner may read; a server or another user is meant to read this one.
  await chmod(staging, 0o777 & ~process.umask());
  try {
    const result = await write(staging);
    const old = `${staging}-old`;
    if (existsSync(target)) await rename(target, old);
    await rename(staging, target);
    await rm(old, { recursive: true, force: true });
    return result;
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
}

async function refuseForeignFolder(target: string): Promise<void> {
  if (!existsSync(target)) return;
  const files = await readdir(target).catch(() => {
    throw new UserError(`${target} exists and is no folder; choose another --out`);
  });
  if (files.length === 0 || files.includes(MANIFEST_FILE)) return;
  throw new UserError(`${target} is not empty and holds no artifact; choose another --out, so that nothing is lost`);
}
