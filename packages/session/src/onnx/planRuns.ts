import type { HostTensors } from '../executor.ts';
import type { CheckedCall, LoadedModel } from './loadedModel.ts';

/** A call that waits to be run with others, and the row of the caches that it is about. */
export interface WaitingCall {
  readonly row: number;
  readonly call: CheckedCall;
}

/** Calls of one entry that run as one, over neighbouring rows of the caches. Rows without a call compute nothing of use. */
export interface BatchRun<W extends WaitingCall = WaitingCall> {
  readonly firstRow: number;
  readonly rows: number;
  /** In the order of their rows. */
  readonly calls: readonly W[];
  /** How long the states of a row are that has no call. */
  readonly lengthsAt: (row: number) => ReadonlyMap<string, number>;
}

/** Reading all weights once more costs about as much as computing so many rows in vain. */
const WIDEST_GAP = 4;

/**
 * Puts calls into as few runs as possible. Two calls cannot share one if an input that is the same for all sequences
 * differs, if they want other outputs, or if they add a row at one place whose `alike` inputs differ.
 */
export function planRuns<W extends WaitingCall>(
  model: LoadedModel,
  calls: readonly W[],
  lengthsAt: BatchRun['lengthsAt'],
): readonly BatchRun<W>[] {
  const groups: W[][] = [];
  for (const call of calls.toSorted((a, b) => a.row - b.row)) {
    const group = groups.find((others) => others.every((other) => canShare(model, other, call)));
    if (group) group.push(call);
    else groups.push([call]);
  }
  return groups.flatMap((group) => neighbours(model, group, lengthsAt));
}

function neighbours<W extends WaitingCall>(
  model: LoadedModel,
  group: readonly W[],
  lengthsAt: BatchRun['lengthsAt'],
): BatchRun<W>[] {
  const runs: { firstRow: number; rows: number; calls: W[] }[] = [];
  for (const call of group) {
    const { row } = call;
    const last = runs.at(-1);
    const end = last ? last.firstRow + last.rows : row;
    const gap = Array.from({ length: row - end }, (_, i) => end + i);
    if (last && gap.length <= WIDEST_GAP && gap.every((idle) => isHarmless(model, lengthsAt(idle), group))) {
      last.rows = row - last.firstRow + 1;
      last.calls.push(call);
    } else runs.push({ firstRow: row, rows: 1, calls: [call] });
  }
  return runs.map((run) => ({ ...run, lengthsAt }));
}

/**
 * A row without a call is written behind its end, where the next call will write, so there must be room; and not at the
 * place of a call, since both would share what `alike` inputs say about it.
 */
function isHarmless(
  { signature, target }: LoadedModel,
  lengths: ReadonlyMap<string, number>,
  group: readonly WaitingCall[],
): boolean {
  const hasRoom = signature.states.every(({ dim, capacity }) => (lengths.get(dim) ?? 0) < capacity);
  const alike = target.entries[group[0]?.call.entry ?? '']?.batch?.alike ?? [];
  const meets = ({ call }: WaitingCall) => alike.some(({ dim }) => call.lengths.before.get(dim) === lengths.get(dim));
  return hasRoom && !group.some(meets);
}

function canShare({ target, signature }: LoadedModel, { call: a }: WaitingCall, { call: b }: WaitingCall): boolean {
  if (a.entry !== b.entry || a.wanted.join() !== b.wanted.join()) return false;
  const axes = target.entries[a.entry]?.batch?.axes ?? {};
  const common = (signature.entries[a.entry]?.inputs ?? []).filter(({ name }) => axes[name] === undefined);
  if (!common.every(({ name }) => sameData(a.inputs, b.inputs, name))) return false;
  return (target.entries[a.entry]?.batch?.alike ?? []).every(({ input, dim }) => {
    const samePlace = a.lengths.before.get(dim) === b.lengths.before.get(dim);
    return !samePlace || sameData(a.inputs, b.inputs, input);
  });
}

function sameData(a: HostTensors, b: HostTensors, name: string): boolean {
  const [x, y] = [a[name]?.data ?? [], b[name]?.data ?? []];
  return x.length === y.length && Array.from(x).every((value, i) => value === y[i]);
}
