import { describe, expect, it } from 'vitest';
import { tinyPlan } from '../test/tinyBundle.ts';
import { RuntimeError } from './error.ts';
import type { Plan, PlanVariant } from './format/plan.ts';
import type { HostTensors } from './tensor.ts';
import { type TuneStore, tuneVariant, type VariantTimes } from './tune.ts';

const seq = { sum: [[1, 'seq'] as const], over: 1 };
const plan: Plan = {
  ...tinyPlan,
  signature: {
    dims: { seq: { min: 0, max: 128, multipleOf: 1 }, kept: { min: 0, max: 128, multipleOf: 1 } },
    states: { cache: { dtype: 'f32', shape: [], axis: 0, dim: 'past', capacity: 90 } },
    entries: {
      step: {
        inputs: {
          input_ids: { dtype: 'i32', shape: [1, seq] },
          logits_to_keep: { dtype: 'i32', shape: [{ sum: [[1, 'kept']], over: 1 }] },
        },
        outputs: {},
        states: ['cache'],
        lengths: { past: seq },
      },
    },
  },
};
const [tiny] = tinyPlan.variants;
const variants = ['a', 'b', 'c'].map((name): PlanVariant => ({ ...(tiny ?? expect.fail()), name }));
const device = { adapterInfo: { vendor: 'v', architecture: 'a', device: '', description: '' } as GPUAdapterInfo };

/** Milliseconds of a chunk and of a token. */
const COSTS: Readonly<Record<string, readonly [number, number]>> = { a: [10, 5], b: [40, 2], c: [9, 6] };

/** Models that take their time on a clock of their own; `broken` ones do not load. */
function machine(store?: TuneStore, broken: Readonly<Record<string, Error>> = {}) {
  let time = 0;
  const loaded: string[] = [];
  const shapes = new Set<string>();
  const heard: VariantTimes[] = [];
  const load = async ({ name }: PlanVariant) => {
    if (broken[name]) throw broken[name];
    loaded.push(name);
    let runs = 0;
    return {
      name: 'tiny',
      signature: plan.signature,
      run: async (_: string, inputs: HostTensors) => {
        const count = inputs.input_ids?.data.length ?? 0;
        shapes.add(`${count} of which ${inputs.logits_to_keep?.data.length}`);
        const warm = ++runs > 9 ? 0 : 1000; // one round of a chunk and eight tokens
        time += warm + (COSTS[name]?.[count === 1 ? 1 : 0] ?? 0);
        return {};
      },
      reset: async () => {},
      dispose: async () => {
        loaded.push(`${name} gone`);
      },
    };
  };
  const tune = () =>
    tuneVariant(plan, variants, device, load, {
      ...(store ? { store } : {}),
      now: () => time,
      onMeasured: (times) => heard.push(...times),
    });
  return { tune, loaded, shapes, heard };
}

describe('tuneVariant', () => {
  it('takes what is fastest over a chunk and many tokens, once warm', async () => {
    const { tune, loaded, shapes, heard } = machine();
    const { variant, reason } = await tune();
    expect(variant.name).toBe('b');
    expect(reason).toContain('a 10.0 + 5.0 ms, b 40.0 + 2.0 ms, c 9.0 + 6.0 ms');
    expect(heard.map(({ chunk, token }) => [chunk, token])).toEqual(Object.values(COSTS));
    // One at a time, with chunks that leave room for tokens.
    expect(loaded).toEqual(['a', 'a gone', 'b', 'b gone', 'c', 'c gone']);
    expect([...shapes]).toEqual(['45 of which 1', '1 of which 1']);
  });

  it('goes on without what the device cannot hold, and says so', async () => {
    const memory = new RuntimeError('memory', 'too much');
    const { variant, reason } = await machine(undefined, { b: memory }).tune();
    expect(variant.name).toBe('a');
    expect(reason).toContain('; b fails: too much');
    await expect(machine(undefined, { a: memory, b: memory, c: memory }).tune()).rejects.toBe(memory);
    const aborted = new DOMException('stopped', 'AbortError');
    await expect(machine(undefined, { b: aborted }).tune()).rejects.toBe(aborted);
  });

  it('remembers for the adapter and the plan, and does without a memory that fails', async () => {
    const kept = new Map<string, string>();
    const store: TuneStore = {
      get: async (key) => kept.get(key),
      set: async (key, name) => void kept.set(key, name),
    };
    await machine(store).tune();
    const again = machine(store);
    expect((await again.tune()).variant.name).toBe('b');
    expect(again.loaded).toEqual([]);
    expect([...kept.keys()]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    const broken: TuneStore = { get: () => Promise.reject(new Error()), set: () => Promise.reject(new Error()) };
    expect((await machine(broken).tune()).variant.name).toBe('b');
  });
});
