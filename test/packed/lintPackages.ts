import { fileURLToPath } from 'node:url';
import { runCommand } from './runCommand.ts';

const bin = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));

/**
 * Checks tarballs with publint (do the files exist that package.json names, and is it as npm and bundlers want it) and
 * attw (do types resolve, and say what the JavaScript is). Packages are ES modules only, so attw ignores `require`.
 * Throws with what they report.
 */
export async function lintPackages(tarballs: readonly string[]): Promise<void> {
  for (const tarball of tarballs) {
    await runCommand('./publint', ['run', tarball, '--strict'], bin);
    await runCommand('./attw', [tarball, '--profile', 'esm-only'], bin);
  }
}
