import type { GivenInput, StateSpec } from '@casement/runtime';
import type { Tensor } from 'onnxruntime-node';
import type { HostTensor } from '../executor.ts';
import type { LoadedModel } from './loadedModel.ts';
import type { RuntimeSession } from './runtimeSession.ts';
import { toOrt } from './tensors.ts';

/** Where a run's tensors come from. */
export interface FeedSources {
  /** An input of the entry. */
  input(name: string): HostTensor | undefined;
  /** An input that is computed from the lengths of states. */
  given(told: GivenInput): Tensor;
  past(state: StateSpec): Tensor;
}

/** What a model reads in a run; inputs that the entry does not use are left out. */
export function makeFeeds(
  { signature, target }: Pick<LoadedModel, 'signature' | 'target'>,
  entry: string,
  { inputMetadata }: RuntimeSession,
  sources: FeedSources,
): Record<string, Tensor> {
  const states = new Map(signature.states.map((state) => [target.states[state.name]?.past, state]));
  const given = new Map(target.entries[entry]?.given?.map((told) => [told.input, told]));
  const feeds: Record<string, Tensor> = {};
  for (const { name, ...metadata } of inputMetadata) {
    const [state, told] = [states.get(name), given.get(name)];
    const tensor = state || told ? undefined : sources.input(name);
    if (tensor && metadata.isTensor) feeds[name] = toOrt(tensor, metadata.type);
    else if (told) feeds[name] = sources.given(told);
    else if (state) feeds[name] = sources.past(state);
  }
  return feeds;
}

/** What a model is to compute, and where it is to put the states that `held` has a place for. */
export function makeFetches(
  { signature, target }: Pick<LoadedModel, 'signature' | 'target'>,
  { outputNames }: RuntimeSession,
  wanted: readonly string[],
  held: (state: string) => Tensor | null,
): Record<string, Tensor | null> {
  const states = new Map(signature.states.map(({ name }) => [target.states[name]?.present, name]));
  const fetches = outputNames.flatMap((name): (readonly [string, Tensor | null])[] => {
    const state = states.get(name);
    if (state !== undefined) return [[name, held(state)]];
    return wanted.includes(name) ? [[name, null]] : [];
  });
  return Object.fromEntries(fetches);
}
