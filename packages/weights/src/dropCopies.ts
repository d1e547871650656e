import type { MatchReport } from './matchParams.ts';
import type { StoredTensor, TensorSource } from './source.ts';

/**
 * The report without left-over tensors that hold the very bytes of a matched one, of the same shape and element type:
 * PyTorch saves tied weights (`lm_head` and `embed_tokens`) under both names. Reads only tensors that may be copies.
 *
 * @throws WeightError when a tensor cannot be read
 */
export async function dropCopies(report: MatchReport, source: TensorSource): Promise<MatchReport> {
  const stored = new Map(source.list().map((tensor) => [tensor.name, tensor]));
  const used = report.matched.flatMap(({ tensor }) => stored.get(tensor.name) ?? []);
  const leftOver: MatchReport['leftOver'][number][] = [];
  for (const candidate of report.leftOver) {
    if (!(await isCopy(candidate.tensor, used, source))) leftOver.push(candidate);
  }
  return { ...report, leftOver };
}

async function isCopy(tensor: StoredTensor, used: readonly StoredTensor[], source: TensorSource): Promise<boolean> {
  for (const other of used) {
    const alike = other.storedDtype === tensor.storedDtype && String(other.shape) === String(tensor.shape);
    if (alike && (await sameBytes(tensor.name, other.name, source))) return true;
  }
  return false;
}

async function sameBytes(a: string, b: string, source: TensorSource): Promise<boolean> {
  // Both streams cut at the same places, since length and element size are the same.
  const other = source.stream(b)[Symbol.asyncIterator]();
  try {
    for await (const chunk of source.stream(a)) {
      const { value } = await other.next();
      if (value === undefined || Buffer.compare(chunk, value) !== 0) return false;
    }
    return true;
  } finally {
    await other.return?.();
  }
}
