import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ModelDefinition } from '@casement/dsl';
import type { Sheet } from '../../examples/zoo/shared/sheet.ts';

/** A model of the zoo that has a sheet. */
export interface System {
  readonly name: string;
  readonly folder: string;
  readonly sheet: Sheet;
  /** The model at the sizes of its checkpoint. */
  readonly small: () => Promise<ModelDefinition>;
  /** The model at the sizes of its sheet. */
  readonly large: () => Promise<ModelDefinition>;
}

const zoo = resolve(import.meta.dirname, '../../examples/zoo');

/** Those with a model, a sheet and a checkpoint's config.json; says which others there are. */
export async function systems(): Promise<System[]> {
  const found: System[] = [];
  for (const name of readdirSync(zoo)) {
    const folder = join(zoo, name);
    const [model, sheet, config] = ['model.ts', 'sheet.ts', 'checkpoint/config.json'].map((file) => join(folder, file));
    if (!model || !sheet || !config || !existsSync(model)) continue;
    if (![sheet, config].every((file) => existsSync(file))) {
      console.warn(`${name}: has no sheet.ts or no checkpoint/config.json; left out`);
      continue;
    }
    const make: (config: unknown) => ModelDefinition = (await load(model)).default;
    const read = async () => JSON.parse(await readFile(config, 'utf8'));
    const told: Sheet = (await load(sheet)).default;
    const large = async () => make(changed(await read(), told.config));
    found.push({ name, folder, sheet: told, small: async () => make(await read()), large });
  }
  return found;
}

async function load(file: string) {
  return import(/* @vite-ignore */ pathToFileURL(file).href);
}

/** `changes` in place of what `config` says, field by field in objects. */
function changed(config: object, changes: object): object {
  const old = new Map<string, unknown>(Object.entries(config));
  const merged = Object.entries(changes).map(([key, value]: [string, unknown]) => {
    const before = old.get(key);
    return [key, isObject(before) && isObject(value) ? changed(before, value) : value];
  });
  return { ...config, ...Object.fromEntries(merged) };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
