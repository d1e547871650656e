import { dtypeBytes, elementCount, type Program, type TensorType, upperBound } from '@casement/ir';
import type { BufferRange, Plan, Size } from '@casement/runtime';
import { evaluateSize } from '@casement/runtime';

/** How long caches are, by the dim that counts them. */
export type Lengths = Readonly<Record<string, number>>;

/**
 * Bytes of weights and caches that one decoded token reads, and those that it needs at least: every weight of the step
 * once (of an embedding a row), and every cache as long as it is then.
 *
 * Counted from what each dispatch binds, since kernels read all of a weight that they bind, each row once: a range of
 * weights with all its bytes, once for each dispatch that binds it; of a table that is looked up, a row. A cache that is
 * bound for reading counts with its live length; kernels that append to it write only. What is read of activations,
 * inputs and constants is left out: it is small and stays in the device's caches.
 */
export function boundBytes(
  program: Program,
  plan: Plan,
  entry: string,
  lengths: Lengths,
): { read: number; needed: number } {
  const [variant] = plan.variants;
  const list = variant?.entries[entry]?.special?.[0];
  if (!variant || !list) throw new Error(`${entry} has no list for decoding`);
  const kinds = variant.buffers;
  const after = lengthsAfter(plan, entry, lengths);
  const live = (length: (dim: string) => number) => (range: BufferRange) => {
    const bytes = statesIn(program, plan, range).map(({ bytes, dim, capacity }) => (bytes * length(dim)) / capacity);
    return bytes.reduce((sum, size) => sum + size, 0);
  };
  const liveBytes = live((dim) => after[dim] ?? lengths[dim] ?? 0);
  let read = 0;
  for (const dispatch of list.dispatches) {
    const { file, bindings: access } = variant.kernels[dispatch.kernel] ?? { file: '', bindings: [] };
    dispatch.bindings.forEach((range, binding) => {
      const kind = kinds[range.buffer]?.kind;
      const rows = /gather/i.test(file) ? tableRows(program) : 1;
      const bytes =
        kind === 'weights' ? range.bytes / rows : kind === 'state' && access[binding] === 'read' ? liveBytes(range) : 0;
      read += bytes;
    });
  }
  return { read, needed: neededWeights(program, entry) + neededCaches(program, plan, entry, liveBytes) };
}

function lengthsAfter(plan: Plan, entry: string, lengths: Lengths): Lengths {
  const dims = new Map([...Object.entries(lengths), ['seq', 1], ['kept', 1]] as [string, number][]);
  const after: Readonly<Record<string, Size>> = plan.signature.entries[entry]?.lengths ?? {};
  return Object.fromEntries(Object.entries(after).map(([dim, size]) => [dim, evaluateSize(size, dims)]));
}

/** States that a range covers: they lie in the order of their declaration, each at a multiple of 256 bytes. */
function statesIn(program: Program, plan: Plan, range: BufferRange) {
  let offset = 0;
  return [...program.states.values()].flatMap(({ name, type }) => {
    const { dim = '', capacity = 1 } = plan.signature.states[name] ?? {};
    const width = type.dtype === 'f32' ? 4 : 2;
    const bytes = type.shape.reduce<number>((product, size) => product * upperBound(size, program.dims), width);
    const at = offset;
    offset += Math.ceil(bytes / 256) * 256;
    const inside = at >= range.offset && at < range.offset + range.bytes;
    return inside ? [{ bytes, dim, capacity }] : [];
  });
}

const LOOKUPS: ReadonlySet<string> = new Set(['gather', 'quantizedGather']);

function tableRows(program: Program): number {
  const table = [...program.params.values()].find(({ name }) => name.includes('embed_tokens.weight'));
  return Number(table?.type.shape[0] ?? 1);
}

function neededWeights(program: Program, entry: string): number {
  const nodes = program.entries.get(entry)?.nodes ?? [];
  // A weight that two layers share is needed by each of them; of a table, a row.
  const sizes = nodes.flatMap(({ op, inputs }) => {
    const params = inputs.filter(({ kind }) => kind === 'param');
    return params.map(({ type }) => paramBytes(type) / (LOOKUPS.has(op.name) ? Number(type.shape[0]) : 1));
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

export function paramBytes({ dtype, shape }: TensorType): number {
  return dtypeBytes(dtype) * elementCount(shape.map(Number));
}

function neededCaches(program: Program, plan: Plan, entry: string, live: (range: BufferRange) => number): number {
  const used = new Set(plan.signature.entries[entry]?.states ?? []);
  let offset = 0;
  let total = 0;
  for (const { name, type } of program.states.values()) {
    const width = type.dtype === 'f32' ? 4 : 2;
    const bytes = type.shape.reduce<number>((product, size) => product * upperBound(size, program.dims), width);
    if (used.has(name)) total += live({ buffer: '', offset, bytes });
    offset += Math.ceil(bytes / 256) * 256;
  }
  return total;
}
