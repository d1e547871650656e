import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../error.ts';

export interface StageOptions {
  /** A folder with a file of this name may be replaced; without it, only a new or empty folder will do. */
  readonly replaces?: string;
  /** Keeps the folder from appearing. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lets `write` fill a temporary folder beside `dir` and moves it into place when it is done, so that `dir` holds either
 * all of it or what it held before. Throws UserError when `dir` holds something else or the disk refuses; the signal's
 * reason on abort; and what `write` throws.
 */
export async function stageFolder<T>(
  dir: string,
  { replaces, signal }: StageOptions,
  write: (staging: string) => Promise<T>,
): Promise<T> {
  const target = resolve(dir);
  await refuseForeignFolder(target, replaces);
  const parent = dirname(target);
  const firstMade = await explained(target, mkdir(parent, { recursive: true }));
  const staging = await explained(target, mkdtemp(join(parent, `.${basename(target)}-`)));
  try {
    // mkdtemp makes folders that only their owner may read; a server or another user is meant to read this one.
    await chmod(staging, 0o777 & ~process.umask());
    const result = await explained(target, write(staging));
    signal?.throwIfAborted();
    await explained(target, swap(staging, target));
    return result;
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    if (firstMade !== undefined) await removeEmpty(parent, firstMade);
    throw error;
  }
}

async function refuseForeignFolder(target: string, replaces: string | undefined): Promise<void> {
  if (!existsSync(target)) return;
  const files = await readdir(target).catch(() => {
    throw new UserError(`${target} exists and is no folder; choose another --out`);
  });
  if (files.length === 0 || (replaces !== undefined && files.includes(replaces))) return;
  const why = replaces === undefined ? 'is not empty' : `is not empty and holds no ${replaces}`;
  throw new UserError(`${target} ${why}; choose another --out, so that nothing is lost`);
}

async function swap(staging: string, target: string): Promise<void> {
  const old = `${staging}-old`;
  const replaced = existsSync(target);
  if (replaced) await rename(target, old);
  try {
    await rename(staging, target);
  } catch (error) {
    if (replaced) await rename(old, target);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

/** Says of a failure of the system's, such as a full disk, what could not be made. */
async function explained<T>(target: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new UserError(`cannot make ${target}: ${error.message}`, { cause: error });
  });
}

/** Removes `dir` and its parents up to `last` while they are empty: another program may have put files there. */
async function removeEmpty(dir: string, last: string): Promise<void> {
  for (let folder = dir; ; folder = dirname(folder)) {
    const removed = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!removed || folder === last) return;
  }
}
