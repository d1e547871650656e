import validate from 'validate-npm-package-name';
import { UserError } from '../error.ts';

/**
 * Throws UserError unless npm takes `name` for a package, and for one that installs the dependencies of `manifest`: npm
 * refuses to install a package into itself.
 */
export function requireProjectName(name: string, manifest: Readonly<Record<string, unknown>>): void {
  const { validForNewPackages, errors = [], warnings = [] } = validate(name);
  const remedy = 'choose lower-case letters, digits and dashes, such as "my-model"';
  if (!validForNewPackages) {
    const [why = 'npm does not allow it'] = [...errors, ...warnings];
    throw new UserError(`"${name}" cannot be the name of a package: ${why}; ${remedy}`);
  }
  const installed = [manifest.dependencies, manifest.devDependencies].flatMap((list) => Object.keys(list ?? {}));
  if (!installed.includes(name)) return;
  throw new UserError(
    `"${name}" is the name of a package that the project installs; choose another, such as "my-model"`,
  );
}
