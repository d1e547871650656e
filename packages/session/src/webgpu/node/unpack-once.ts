import { access, constants, lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The folder `name` in Casement's cache, filled by `fill` the first time anyone asks for it. `fill` writes into a
 * temporary folder that is renamed when it is complete, so processes that unpack at the same time never see half a
 * folder: the first rename wins and the others use its result. Put the content's version into `name`; nothing is ever
 * refreshed. What `fill` throws is thrown, and leaves nothing behind.
 */
export async function unpackOnce(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const cache = await cacheFolder();
  const final = join(cache, name);
  if (await exists(final)) return final;
  const draft = await mkdtemp(`${final}.`);
  try {
    await fill(draft);
    await rename(draft, final);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // A rename onto a full folder fails: somebody else was first, with the same content.
    if (!(await exists(final))) throw error;
  }
  return final;
}

/** `$XDG_CACHE_HOME/casement`, by default `~/.cache/casement`; where that cannot be written, a private folder in /tmp. */
async function cacheFolder(): Promise<string> {
  const preferred = join(resolve(process.env.XDG_CACHE_HOME || join(homedir(), '.cache')), 'casement');
  if (await writable(preferred)) return preferred;
  const uid = process.getuid?.();
  const fallback = join(tmpdir(), uid === undefined ? 'casement' : `casement-${uid}`);
  // Libraries are loaded from here, so a folder that another user planted under this name must not be trusted.
  if ((await writable(fallback)) && (uid === undefined || (await lstat(fallback)).uid === uid)) return fallback;
  throw new Error(
    `No cache folder: neither ${preferred} nor ${fallback} is a folder of yours that can be written. ` +
      'Set XDG_CACHE_HOME to one.',
  );
}

async function writable(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
