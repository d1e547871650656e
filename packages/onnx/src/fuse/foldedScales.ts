import { type Dim, type Graph, lengthDim, type Node, type Program, upperBound } from '@casement/ir';
import type { Notes } from './notes.ts';
import type { Qkv } from './qkv.ts';

/** Scores of all heads of a chunk, in bytes: the kernel that wants a scale of 1 writes them out. */
const MOST_SCORES = 1 << 28;

/**
 * The states of keys that are held times √scale, with that scale: attention then rotates queries and keys by angles'
 * waves times √scale, and its products need no scale. ONNX Runtime's CPU multiplies one row by a matrix where it lies only
 * if the product's factor is 1; else it copies the matrix first, all keys for every query head. So it is for f32, which
 * nothing but the CPU runs, and for states whose every reader rotates inside. `inside` are those readers; `notes` hears
 * why states of `concerned` are not among them.
 */
export function foldedScales(
  program: Program,
  inside: (graph: Graph) => readonly Qkv[],
  concerned: Graph,
  notes: Notes,
): ReadonlyMap<string, number> {
  const scales = new Map<string, number>();
  const other = new Map<string, string>();
  for (const graph of program.entries.values()) {
    const rotating = new Set(inside(graph).flatMap(({ attention, rope }) => (rope ? [attention] : [])));
    for (const node of graph.nodes) {
      const state = node.op.name === 'attention' ? node.inputs[1]?.state : undefined;
      if (state === undefined) continue;
      const scale = Number(node.attrs.scale);
      const why = whyNot(program, node, rotating.has(node), scales.get(state) ?? scale);
      if (why === undefined) scales.set(state, scale);
      else other.set(state, why);
    }
  }
  for (const { state, start } of concerned.states) {
    const why = other.get(state);
    // In half precision, CUDA's kernels scale for nothing.
    if (why && start.type.dtype === 'f32') notes.add('scale folded into rotation', `"${state}"`, why);
  }
  return new Map([...scales].filter(([state]) => !other.has(state)));
}

function whyNot(program: Program, node: Node, rotates: boolean, others: number): string | undefined {
  const scale = Number(node.attrs.scale);
  if (!rotates) return 'attention does not rotate by itself';
  if (!mayWriteScores(program, node)) return `scores of a chunk could take more than ${MOST_SCORES >> 20} MiB`;
  return scale > 0 && scale === others ? undefined : 'attentions over it have different scales, or none above 0';
}

/** Whether attention may take the kernel that writes its scores out: in f32, and not too many of them. */
export function mayWriteScores(program: Program, { inputs }: Node): boolean {
  const [q, k] = inputs;
  const capacity = program.dims.get(lengthDimOf(program, k?.state))?.max;
  if (q?.type.dtype !== 'f32' || capacity === undefined) return false;
  const size = (dim: Dim | undefined) => upperBound(dim ?? 1, program.dims);
  return 4 * size(q.type.shape[1]) * size(q.type.shape[2]) * capacity <= MOST_SCORES;
}

function lengthDimOf(program: Program, state: string | undefined): string {
  const decl = program.states.get(state ?? '');
  return decl ? lengthDim(decl) : '';
}
