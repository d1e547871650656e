import { mkdir, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isCheckpointFile } from './checkpointFiles.ts';
import { explained, WeightError } from './error.ts';

/** Files in the making, beside their place, so that moving them there is a rename. */
export interface StagedFolder {
  /** Write here. */
  readonly path: string;
  /** Moves every file to its place. */
  publish(): Promise<void>;
  /** Removes everything, published files and folders made for them included. */
  discard(): Promise<void>;
}

/**
 * @throws WeightError when `dir` cannot be made or written, or already holds a checkpoint, whose files would mix with
 *   the new ones
 */
export async function stagedFolder(dir: string): Promise<StagedFolder> {
  const target = resolve(dir);
  const firstMade = await explained(`Cannot make the folder ${dir}`, mkdir(target, { recursive: true }));
  const existing = (await readdir(target)).find(isCheckpointFile);
  if (existing !== undefined) {
    throw new WeightError(`${dir} already holds ${existing}. Choose an empty folder, or remove the old checkpoint.`);
  }
  const path = await explained(`Cannot write into ${dir}`, mkdtemp(join(target, '.writing-')));
  const published: string[] = [];

  return {
    path,
    async publish() {
      for (const file of await readdir(path)) {
        await rename(join(path, file), join(target, file));
        published.push(join(target, file));
      }
      await rmdir(path);
    },
    async discard() {
      await rm(path, { recursive: true, force: true });
      for (const file of published) await rm(file, { force: true });
      if (firstMade !== undefined) await removeEmpty(target, firstMade);
    },
  };
}

/** Removes `dir` and its parents up to `last` while they are empty: another program may have put files there. */
async function removeEmpty(dir: string, last: string): Promise<void> {
  try {
    await rmdir(dir);
  } catch {
    return; // not empty: somebody else's now
  }
  if (dir !== last) await removeEmpty(dirname(dir), last);
}
