/** A checkpoint, a tensor or a rename table is not as it should be. The message names the thing, the place, the remedy. */
export class WeightError extends Error {
  override readonly name = 'WeightError';
}

/** What went wrong, in words, whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * Passes on what `work` gives; its failure gets a sentence of ours in front of the system's.
 *
 * @param what went wrong then: `Cannot open a.safetensors`
 * @throws WeightError
 */
export async function explained<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new WeightError(`${what}: ${reasonOf(error)}`, { cause: error });
  }
}
