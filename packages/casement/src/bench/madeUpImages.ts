import type { Executor, ImagePatches, ImageTokens } from '@casement/session';
import { UserError } from '../error.ts';

/** Tokens of an image, if the model allows as many: those of 448×448 pixels in Qwen2.5-VL. */
const TOKENS = 256;
/** Patches along each side of such an image. */
const PATCHES = 32;

/** The entry through which images come to the decoder, if there is one. */
export function imageEntry({ signature: { entries } }: Executor): 'openWindow' | 'insertImage' | undefined {
  return (['openWindow', 'insertImage'] as const).find((name) => entries[name]);
}

/** A square image of about the usual size, with made-up tokens. Throws UserError when the entry takes none. */
export function madeUpTokens({ signature }: Executor, entry: 'openWindow' | 'insertImage'): ImageTokens {
  const { dims, entries, name } = signature;
  const hidden = entries[entry]?.inputs.find((input) => input.name === 'image_embeds')?.shape.at(-1);
  if (typeof hidden !== 'number') throw new UserError(`model ${name}: ${entry} has no input "image_embeds"`);
  const room = Object.keys(entries[entry]?.lengths ?? {}).map((dim) => Math.floor((dims[dim]?.max ?? Infinity) / 2));
  const side = Math.max(1, Math.floor(Math.sqrt(Math.min(TOKENS, dims.image?.max ?? TOKENS, ...room))));
  const data = Float32Array.from({ length: side ** 2 * hidden }, (_, i) => Math.sin(i * 0.37));
  return { embeds: { dtype: 'f32', shape: [side ** 2, hidden], data }, grid: { rows: side, columns: side } };
}

/** A square picture of about the usual size, of made-up pixels. Throws UserError when the encoder takes none. */
export function madeUpPatches({ signature: { dims, entries, name } }: Executor): ImagePatches {
  const values = entries.encodeImage?.inputs.find((input) => input.name === 'pixel_values')?.shape.at(-1);
  if (typeof values !== 'number') throw new UserError(`model ${name}: encodeImage has no input "pixel_values"`);
  const { multipleOf = 1, max = PATCHES ** 2 } = dims.patches ?? {};
  const square = Math.sqrt(multipleOf); // a token is made of a square of patches
  const side = square * Math.max(1, Math.floor(Math.min(PATCHES, Math.sqrt(max)) / square));
  const pixelValues = Float32Array.from({ length: side ** 2 * values }, (_, i) => Math.sin(i * 0.37));
  return { pixelValues, grid: { rows: side, columns: side } };
}
