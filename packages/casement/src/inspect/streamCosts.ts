import { evaluateDim, lengthDim, type Program } from '@casement/ir';
import { type Cost, costAt, type EntryCost, type ProgramCosts } from './entryCosts.ts';

/** A stream of images, each followed by text that is generated token by token. */
export interface Stream {
  readonly frames: number;
  /** Tokens of a frame's image. */
  readonly imageTokens: number;
  /** Text tokens of a frame. */
  readonly textTokens: number;
}

/** What frame `frame` (from 1) costs, and how many bytes the caches hold after it. */
export interface FrameCost extends Cost {
  readonly frame: number;
  /** How many positions of the text cache are taken after it. */
  readonly textLength: number;
  readonly cacheBytes: number;
}

/**
 * The cost of every frame: its image tokens go through `openWindow`, or through `insertImage` in chunks, and its text
 * through `step`. Encoding the picture is not part of it: that costs the same with every fusion. Lengths may pass the
 * program's capacities. Throws RangeError for entries with other dims than those of a decoder.
 */
export function streamCosts(program: Program, costs: ProgramCosts, stream: Stream): FrameCost[] {
  const { frames, imageTokens, textTokens } = stream;
  const chunk = program.dims.get('seq')?.max ?? 1;
  const lengths = new Map([...program.states.values()].map((state) => [lengthDim(state), 0]));
  let [flops, bytesRead] = [0, 0];

  const run = (entry: EntryCost | undefined, dim: string, tokens: number): void => {
    if (entry === undefined) return;
    const bindings = new Map([...lengths, [dim, tokens], ['kept', 1]]);
    const cost = costAt(entry, bindings);
    flops += cost.flops;
    bytesRead += cost.bytesRead;
    for (const [name, length] of entry.lengthsAfter) lengths.set(name, evaluateDim(length, bindings));
  };

  return Array.from({ length: frames }, (_, index) => {
    [flops, bytesRead] = [0, 0];
    run(costs.entries.get('openWindow'), 'image', imageTokens);
    for (let done = 0; done < imageTokens; done += chunk) {
      run(costs.entries.get('insertImage'), 'seq', Math.min(chunk, imageTokens - done));
    }
    for (let token = 0; token < textTokens; token++) run(costs.entries.get('step'), 'seq', 1);
    const held = { textLength: lengths.get('past') ?? 0, cacheBytes: evaluateDim(costs.cacheBytes, lengths) };
    return { frame: index + 1, flops, bytesRead, ...held };
  });
}
