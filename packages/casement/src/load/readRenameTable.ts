import { readFile } from 'node:fs/promises';
import { parseRenameTable, type RenameTable } from '@casement/weights';
import { UserError } from '../error.ts';

/** Reads a rename table from a JSON file. Throws UserError or WeightError naming the rule that is wrong. */
export async function readRenameTable(path: string): Promise<RenameTable> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new UserError(`cannot read the rename table ${path}: ${error.message}`);
  });
  return parseRenameTable(text, path);
}
