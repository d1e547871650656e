import { UserError } from '../error.ts';

type Json = Record<string, unknown>;

/**
 * The `config.json` of the same model with only the first `layers` blocks of its decoder and of its image encoder, for
 * comparisons that the whole is too slow for. Throws UserError when `config` is no object.
 */
export function truncateConfig(config: unknown, layers: number): unknown {
  if (!isObject(config)) throw new UserError('config.json must hold an object');
  const short = structuredClone(config);
  const { text_config: text, vision_config: vision, fusion } = short;
  shorten(isObject(text) ? text : short, 'num_hidden_layers', layers);
  if (isObject(vision)) {
    shorten(vision, 'depth', layers);
    keepBelow(vision, 'fullatt_block_indexes', layers);
  }
  if (isObject(fusion)) keepBelow(fusion, 'layers', layers);
  return short;
}

function shorten(part: Json, key: string, most: number): void {
  const depth = part[key];
  part[key] = typeof depth === 'number' ? Math.min(depth, most) : most;
}

/** Of a list of block indices, those that are left. */
function keepBelow(part: Json, key: string, limit: number): void {
  const list = part[key];
  if (Array.isArray(list)) part[key] = list.filter((index) => index < limit);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
