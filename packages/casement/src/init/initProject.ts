import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '@casement/models';
import { UserError } from '../error.ts';
import { mapWeights, type WeightMap } from '../inspect/weightMap.ts';
import { readConfig } from '../load/readConfig.ts';
import { randomWeights } from '../randomWeights/randomWeights.ts';
import { fillTemplate } from './fillTemplate.ts';
import { requireProjectName } from './projectName.ts';
import { shellArgument } from './shellArgument.ts';

export interface InitOptions {
  /** A new or empty folder; its last segment becomes the project's name. */
  readonly dir: string;
  /** A checkpoint folder that the project refers to and does not copy; absent: a tiny model with random weights. */
  readonly from?: string;
  readonly signal?: AbortSignal;
}

export interface InitResult {
  /** What npm calls the project. */
  readonly name: string;
  /** How the checkpoint's tensors become the model's params. */
  readonly weights: WeightMap;
}

// From src/init and from dist/init alike.
const templates = fileURLToPath(new URL('../../templates/', import.meta.url));
const manifest = fileURLToPath(new URL('../../package.json', import.meta.url));

/**
 * Makes a project around a model: model.ts, package.json, a test, a start. Throws UserError when the name is none for
 * npm, the folder holds something or the checkpoint cannot be read, ConfigError when its config is not understood, and
 * WeightError when its weights cannot be read; then nothing is left behind.
 */
export async function initProject({ dir, from, signal }: InitOptions): Promise<InitResult> {
  const target = resolve(dir);
  const name = basename(target);
  requireProjectName(name, await readJson(join(templates, 'project/package.json')));
  await requireEmpty(target);
  const checkpoint = resolve(from ?? join(target, 'checkpoint'));
  const place = relative(target, checkpoint).split(sep).join('/');
  const argument = shellArgument(place);
  const config = await readConfig(from ?? join(templates, 'tiny'));
  if (from !== undefined) await mapWeights({ model: from });

  const { version } = await readJson(manifest);
  return withFolder(target, async () => {
    if (from === undefined) {
      const processorOf = join(templates, 'tiny');
      await randomWeights({ config, out: checkpoint, processorOf, ...(signal ? { signal } : {}) });
    }
    await fillTemplate(join(templates, 'project'), target, {
      name,
      version: String(version),
      checkpoint: place,
      argument,
      weights: from === undefined ? RANDOM_WEIGHTS : `\`${place}\` has the weights, the tokenizer and the config.`,
    });
    // Loaded when needed: ts-morph brings a whole TypeScript along.
    const { modelSource } = await import('../import/modelSource.ts');
    const source = modelSource(parseConfig(config), { file: 'model.ts', checkpoint: place });
    await writeFile(join(target, 'model.ts'), source);
    signal?.throwIfAborted();
    return { name, weights: await mapWeights({ model: join(target, 'model.ts'), checkpoint }) };
  });
}

const RANDOM_WEIGHTS =
  '`checkpoint` has random weights and a tokenizer of bytes, so it babbles. Put a trained checkpoint in its place.';

async function readJson(file: string): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>; // files of this package
}

async function requireEmpty(target: string): Promise<void> {
  const files = await readdir(target).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw new UserError(`${target} exists and is no folder; choose another name`);
  });
  const [first, ...more] = files;
  if (first === undefined) return;
  const found = more.length === 0 ? first : `${first} and ${more.length} more`;
  throw new UserError(`${target} is not empty (it holds ${found}); choose another name, so that nothing is lost`);
}

/** Lets `fill` fill a new or empty folder, and takes away what it made if it throws. */
async function withFolder<T>(target: string, fill: () => Promise<T>): Promise<T> {
  const made = await mkdir(target, { recursive: true });
  try {
    return await fill();
  } catch (error) {
    const leftovers = made === undefined ? (await readdir(target)).map((file) => join(target, file)) : [made];
    for (const path of leftovers) await rm(path, { recursive: true, force: true });
    throw error;
  }
}
