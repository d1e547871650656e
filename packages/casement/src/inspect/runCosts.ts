import { type DimBindings, isSymbolic, type Program } from '@casement/ir';
import { type Cost, costAt, type EntryCost, type ProgramCosts } from './entryCosts.ts';
import { imageRun } from './imageRun.ts';

/** One run of an entry. */
export interface RunCost extends Cost {
  readonly entry: string;
  /** What it is given, and what stands in the caches before. */
  readonly given: string;
}

/**
 * What the runs of a conversation cost: an image of `imageTokens` tokens, a prefill chunk of the largest size, and one
 * token at the start of the text and at its end. Logits are those of a run's last token. Entries with other dims than those of a decoder are left out.
 */
export function runCosts(program: Program, { entries }: ProgramCosts, imageTokens: number): RunCost[] {
  const chunk = program.dims.get('seq')?.max ?? 1;
  const last = (program.dims.get('past')?.max ?? 1) - 1;
  const inserted = Math.min(chunk, imageTokens);
  const open = program.dims.has('window') ? `, window of ${imageTokens}` : '';
  const at = (seq: number, past: number) => new Map(Object.entries({ seq, past, window: imageTokens, kept: 1 }));

  const runs: readonly (readonly [entry: string, given: string, bindings: DimBindings])[] = [
    ['openWindow', `image of ${imageTokens} tokens`, new Map([['image', imageTokens]])],
    ['insertImage', `${inserted} image tokens, text of 0`, at(inserted, 0)],
    ['step', `chunk of ${chunk} tokens, text of 0${open}`, at(chunk, 0)],
    ['step', `1 token, text of 0${open}`, at(1, 0)],
    ['step', `1 token, text of ${last}${open}`, at(1, last)],
  ];
  const decoding = runs.flatMap(([entry, given, bindings]) => {
    const cost = entries.get(entry);
    return cost && dimsOf(cost).every((name) => bindings.has(name))
      ? [{ entry, given, ...costAt(cost, bindings) }]
      : [];
  });
  return [...encoding(program, entries.get('encodeImage'), imageTokens), ...decoding];
}

function encoding(program: Program, cost: EntryCost | undefined, imageTokens: number): RunCost[] {
  const known = cost && [...cost.segmented.keys(), 'patches'];
  if (!known || !dimsOf(cost).every((name) => known.includes(name))) return [];
  const { grid, bindings } = imageRun(program, cost, imageTokens);
  return [{ entry: 'encodeImage', given: `image of ${grid.rows}×${grid.columns} tokens`, ...costAt(cost, bindings) }];
}

function dimsOf({ flops, bytesRead }: EntryCost): string[] {
  return [flops, bytesRead].flatMap((dim) => (isSymbolic(dim) ? dim.names : []));
}
