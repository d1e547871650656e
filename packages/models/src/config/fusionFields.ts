import { z } from 'zod';
import type { Fusion } from '../fusion.ts';

export const fusionSchema = z.strictObject({
  attention: z.enum(['casa', 'ca', 'insertion']),
  order: z.enum(['parallel', 'before', 'replace']).default('parallel'),
  layers: z.array(z.int().nonnegative()).nullable().default(null),
  shared: z.boolean().default(false),
  update_images: z.boolean().default(false),
});

/** What is wrong with `fusion` in a decoder of `depth` blocks. */
export function fusionProblems({ layers }: z.infer<typeof fusionSchema>, depth: number): string[] {
  const outside = layers?.find((index) => index >= depth);
  if (outside === undefined) return [];
  return [`fusion.layers: there is no block ${outside}, only 0 … ${depth - 1}`];
}

/** Undefined when no block has a fusion layer. With `insertion`, the other fields mean nothing. */
export function toFusion(json: z.infer<typeof fusionSchema>): Fusion | undefined {
  const { attention, order, layers, shared, update_images: updateImages } = json;
  if (attention === 'insertion') return { attention };
  if (layers?.length === 0) return undefined;
  return { attention, order, shared, updateImages, ...(layers ? { layers } : {}) };
}
