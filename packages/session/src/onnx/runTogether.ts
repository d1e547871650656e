import type { HostTensor } from '../executor.ts';
import type { Caches } from './caches.ts';
import { makeFeeds, makeFetches } from './feeds.ts';
import { givenTensor, type Lengths } from './givenInputs.ts';
import type { CheckedCall, LoadedModel } from './loadedModel.ts';
import type { BatchRun } from './planRuns.ts';
import { runSession } from './runSession.ts';
import { fromOrt } from './tensors.ts';

/** Runs calls of single tokens as one; their outputs in the order of the calls. States are updated in place. */
export async function runTogether(
  { sessions, signature, target }: LoadedModel,
  caches: Caches,
  { firstRow, rows, calls, lengthsAt }: BatchRun,
): Promise<readonly Record<string, HostTensor>[]> {
  const [first] = calls;
  if (first === undefined) return [];
  const { entry, wanted } = first.call;
  const session = sessions.get(entry);
  const spec = signature.entries[entry];
  if (!session || !spec) throw new Error(`the artifact has no ONNX model for entry "${entry}"`);
  const byRow = new Map(calls.map(({ row, call }) => [row - firstRow, call]));
  const inRow = Array.from({ length: rows }, (_, i) => byRow.get(i));
  const sequences = inRow.map((call, i) => call?.lengths ?? idle(lengthsAt(firstRow + i)));

  const axes = target.entries[entry]?.batch?.axes ?? {};
  const feeds = makeFeeds({ signature, target }, entry, session, {
    input: (name) => stack(name, axes[name], first.call, inRow),
    given: (told) => givenTensor(told, sequences, 1),
    past: ({ name }) => caches.view(name, firstRow, rows),
  });
  const fetches = makeFetches({ signature, target }, session, wanted, (state) => caches.view(state, firstRow, rows));
  const results = await runSession(entry, session, feeds, fetches);
  const outputs = spec.outputs.filter(({ name }) => wanted.includes(name));
  return calls.map((each) => {
    const row = each.row - firstRow;
    return Object.fromEntries(
      outputs.flatMap(({ name, dtype }) => {
        const tensor = results[name];
        return tensor ? [[name, rowOf(fromOrt(tensor, dtype), row, rows)] as const] : [];
      }),
    );
  });
}

/** A row whose sequence takes no part: what is computed for it lands behind its end, and is overwritten. */
function idle(before: ReadonlyMap<string, number>): Lengths {
  return { before, after: new Map([...before].map(([dim, length]) => [dim, length + 1])) };
}

/** An input of all rows, side by side along the axis of sequences; rows without a call get zeros. */
function stack(
  name: string,
  axis: number | undefined,
  any: CheckedCall,
  inRow: readonly (CheckedCall | undefined)[],
): HostTensor | undefined {
  const example = any.inputs[name];
  if (example === undefined || axis === undefined) return example;
  const { dtype } = example;
  const outer = axis === 0 ? 1 : (example.shape[0] ?? 1);
  const inner = example.data.length / outer;
  const data = new Float64Array(example.data.length * inRow.length);
  inRow.forEach((call, row) => {
    const own = call?.inputs[name]?.data;
    for (let i = 0; own && i < own.length; i++) {
      const at = (Math.floor(i / inner) * inRow.length + row) * inner + (i % inner);
      data[at] = own[i] ?? 0;
    }
  });
  const wide = example.shape.map((size, i) => (i === axis ? inRow.length : size));
  return { dtype, shape: wide, data };
}

/** One sequence's part of an output [batch …], as [1 …]. */
function rowOf({ dtype, shape, data }: HostTensor, row: number, rows: number): HostTensor {
  const size = data.length / rows;
  return { dtype, shape: [1, ...shape.slice(1)], data: data.slice(row * size, (row + 1) * size) };
}
