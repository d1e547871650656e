import { UserError } from '../error.ts';

/** A path as an argument in npm's scripts, for every shell. Throws UserError when no quoting fits all shells. */
export function shellArgument(path: string): string {
  if (/["'`$%!\\\n]/.test(path)) {
    throw new UserError(
      `the checkpoint's path ${path} has a character that scripts of package.json cannot hold (one of "'\`$%!\\); ` +
        'rename the folder, or link to it from elsewhere',
    );
  }
  return /^[\p{L}\p{N}_./@:+-]+$/u.test(path) ? path : `"${path}"`;
}
