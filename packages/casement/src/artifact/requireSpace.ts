import { statfs } from 'node:fs/promises';
import { UserError } from '../error.ts';
import { formatBytes } from '../format.ts';

/**
 * Throws UserError when the disk of `dir` has no room for so many bytes: better now than after minutes of writing. File
 * systems that do not tell their size are trusted.
 */
export async function requireSpace(dir: string, bytes: number): Promise<void> {
  const { blocks, bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (blocks === 0 || bytes <= free) return;
  throw new UserError(
    `${formatBytes(bytes)} of weights do not fit: the disk of --out has ${formatBytes(free)} left; ` +
      'free some, or choose an --out on another',
  );
}
