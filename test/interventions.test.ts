import { join } from 'node:path';
import type { Program } from '@casement/ir';
import { modelFromConfig } from '@casement/models';
import { knockout, patch, tap } from '@casement/passes';
import type { Executor, HostTensor, HostTensors } from '@casement/session';
import { openCheckpoint } from '@casement/weights';
import { describe, expect, it } from 'vitest';
import { loadParams } from '../packages/casement/src/load/loadParams.ts';
import { readConfig } from '../packages/casement/src/load/readConfig.ts';
import { joinAlong, sliceAlong } from '../packages/casement/src/tensorAxes.ts';
import { type VerifyTarget, withExecutor } from '../packages/casement/src/verify/bench.ts';
import { compareTensors } from '../packages/casement/src/verify/compare.ts';

/** Interventions on models that know nothing of them, on every target. */

const targets = ['reference', 'onnx', 'webgpu'] as const;
/** Attention maps have a column for each key and a row for each token of a chunk: WebGPU binds no larger ones. */
const CAPACITY = { chunk: 128 };
const ids = [3, 17, 40, 8, 99, 5, 61];

async function on<T>(
  fixture: string,
  target: VerifyTarget,
  change: (program: Program) => Program,
  use: (executor: Executor) => Promise<T>,
): Promise<T> {
  const folder = join(import.meta.dirname, 'fixtures', fixture);
  const program = change(modelFromConfig(await readConfig(folder), CAPACITY).build({ dtype: 'f32' }));
  const source = await openCheckpoint(folder);
  try {
    const params = await loadParams(program, source, {});
    return await withExecutor({ program, source, dtype: 'f32', params, settings: {} }, target, program, use);
  } finally {
    await source.close();
  }
}

const i32 = (shape: readonly number[], values: readonly number[]): HostTensor => {
  return { dtype: 'i32', shape, data: Int32Array.from(values) };
};
const text = (given: readonly number[], positions = given.map((_, i) => i)): HostTensors => ({
  input_ids: i32([1, given.length], given),
  position_ids: i32([1, given.length], positions),
  logits_to_keep: i32(
    [given.length],
    given.map((_, i) => i),
  ),
});
const ones = (length: number, at: readonly number[]) =>
  i32(
    [length],
    Array.from({ length }, (_, i) => (at.includes(i) ? 1 : 0)),
  );

/** Runs an entry with empty caches. */
async function fresh(executor: Executor, entry: string, inputs: HostTensors): Promise<HostTensors> {
  await executor.reset();
  return executor.run(entry, inputs);
}

function named(outputs: HostTensors, name: string): HostTensor {
  const tensor = outputs[name];
  if (tensor === undefined) throw new Error(`no output ${name}`);
  return tensor;
}

function distance(a: HostTensors, b: HostTensors, name = 'logits'): number {
  return compareTensors(named(a, name), named(b, name)).maxAbsolute;
}

const row = (tensor: HostTensor, at: number) => sliceAlong(tensor, tensor.shape.length - 2, at, at + 1);

describe.each(targets)('on %s', (target) => {
  /** ONNX graphs of other entries are fused in other places, and round there. */
  const rounding = target === 'onnx' ? 2e-6 : 0;

  it('tap gives hidden states and attention maps, and changes nothing else', async () => {
    const tapped = (program: Program) => {
      const states = {
        entry: 'step',
        at: [{ before: 'model.layers.*' }, { after: 'model.layers.3' }],
        output: 'states',
      };
      const weights = { entry: 'step', at: { attention: 'model.layers.*.self_attn' }, output: 'weights' };
      return tap(tap(program, { ...states, as: 'tapped' }), { ...weights, entry: 'tapped' });
    };
    await on('text-only', target, tapped, async (executor) => {
      const layers = 4;
      const plain = await fresh(executor, 'step', text(ids));
      const outputs = await fresh(executor, 'tapped', text(ids));
      expect(distance(plain, outputs)).toBe(0);
      expect(named(outputs, 'states').shape).toEqual([layers + 1, 1, ids.length, 64]);
      const { shape, data } = named(outputs, 'weights');
      expect(shape).toEqual([layers, 1, 4, ids.length, ids.length]);
      for (let i = 0; i < data.length; i += ids.length) {
        const weights = [...data.subarray(i, i + ids.length)];
        const own = (i / ids.length) % ids.length;
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
        expect(weights.slice(own + 1).every((weight) => weight === 0)).toBe(true);
      }
    });
  });

  it('patch of the run by itself is no patch; of another run, all later rows follow and no earlier one', async () => {
    const layered = { entry: 'step', at: { before: 'model.layers.*' } } as const;
    const changed = (program: Program) =>
      patch(tap(program, { ...layered, as: 'tapped', output: 'states' }), { ...layered, as: 'patched' });
    await on('text-only', target, changed, async (executor) => {
      const own = await fresh(executor, 'tapped', text(ids));
      const other = await fresh(executor, 'tapped', text([9, 8, 7, 6, 5, 4, 3]));
      for (const layer of [0, 2, 3]) {
        const at = { site: i32([], [layer]), rows: i32([2], [3, 5]) };
        const rowsOf = (run: HostTensors) => {
          const { dtype, shape, data } = sliceAlong(named(run, 'states'), 0, layer, layer + 1);
          const states: HostTensor = { dtype, shape: shape.slice(1), data };
          return joinAlong([row(states, 3), row(states, 5)], 1);
        };
        const same = await fresh(executor, 'patched', { ...text(ids), ...at, values: rowsOf(own) });
        expect(distance(own, same)).toBeLessThanOrEqual(rounding);
        const moved = await fresh(executor, 'patched', { ...text(ids), ...at, values: rowsOf(other) });
        const change = ids.map((_, i) => compareTensors(row(named(moved, 'logits'), i), row(named(own, 'logits'), i)));
        const changes = change.map(({ maxAbsolute }) => maxAbsolute > 1e-4);
        // In the last layer, a row sees others as keys and values only: a patched one still moves those behind it.
        expect(changes).toEqual([false, false, false, true, true, true, true]);
        const nowhere = { ...text(ids), site: i32([], [-1]), rows: at.rows, values: rowsOf(other) };
        expect(distance(own, await fresh(executor, 'patched', nowhere))).toBeLessThanOrEqual(rounding);
        const noRow = { ...text(ids), site: at.site, rows: i32([2], [-1, 99]), values: rowsOf(other) };
        expect(distance(own, await fresh(executor, 'patched', noRow))).toBeLessThanOrEqual(rounding);
      }
    });
  });

  it('patch of an attention map decides what is mixed', async () => {
    const at = { attention: 'model.layers.1.self_attn' } as const;
    const changed = (program: Program) =>
      patch(tap(program, { entry: 'step', as: 'tapped', at, output: 'map' }), { entry: 'step', as: 'patched', at });
    await on('text-only', target, changed, async (executor) => {
      const own = await fresh(executor, 'tapped', text(ids));
      const patched = (map: HostTensor) => {
        const rows = i32([ids.length], Array.from(ids.keys()));
        return fresh(executor, 'patched', { ...text(ids), site: i32([], [0]), rows, values: map });
      };
      const map = named(own, 'map');
      expect(distance(own, await patched(map))).toBeLessThan(1e-5);
      const shifted: HostTensor = { ...map, data: Float32Array.from(map.data, (x) => 2 * x) };
      expect(distance(own, await patched(shifted))).toBeGreaterThan(1e-2);
    });
  });

  it('knockout of a token everywhere is the text without it', async () => {
    const changed = (program: Program) =>
      knockout(program, { entry: 'step', as: 'blind', at: 'model.layers.*.self_attn' });
    await on('text-only', target, changed, async (executor) => {
      const gone = 2;
      const others = Array.from(ids.keys()).filter((i) => i !== gone);
      const blind = (layers: readonly number[]) =>
        fresh(executor, 'blind', {
          ...text(ids),
          layers: ones(4, layers),
          rows: ones(ids.length, others),
          columns: ones(ids.length, [gone]),
        });
      const plain = await fresh(executor, 'step', text(ids));
      expect(distance(plain, await blind([]))).toBeLessThan(1e-6);
      const without = named(
        await fresh(
          executor,
          'step',
          text(
            others.map((i) => ids[i] ?? 0),
            others,
          ),
        ),
        'logits',
      );
      const everywhere = named(await blind([0, 1, 2, 3]), 'logits');
      const kept = joinAlong([sliceAlong(everywhere, 1, 0, gone), sliceAlong(everywhere, 1, gone + 1, ids.length)], 1);
      expect(compareTensors(kept, without).maxAbsolute).toBeLessThan(1e-5);
      expect(distance(plain, await blind([1]))).toBeGreaterThan(1e-3);
    });
  });

  it('knockout of an image in the fusion layers is a window that begins with text', async () => {
    const changed = (program: Program) =>
      knockout(program, { entry: 'step', as: 'blind', at: 'model.layers.*.casa_attn' });
    await on('casa', target, changed, async (executor) => {
      const tokens = 5;
      const image: HostTensor = {
        dtype: 'f32',
        shape: [1, tokens, 64],
        data: Float32Array.from({ length: tokens * 64 }, (_, i) => Math.sin(i)),
      };
      const show = { image_embeds: image, image_position_ids: i32([1, tokens], [0, 1, 2, 3, 4]) };
      const positions = ids.map((_, i) => tokens + i);
      const plain = await fresh(executor, 'step', text(ids, positions));
      await executor.reset();
      await executor.run('openWindow', show);
      const seeing = await executor.run('step', text(ids, positions));
      await executor.reset();
      await executor.run('openWindow', show);
      const layers = executor.signature.entries.blind?.inputs.find(({ name }) => name === 'layers')?.shape[0];
      const blinded = await executor.run('blind', {
        ...text(ids, positions),
        layers: ones(
          Number(layers),
          Array.from({ length: Number(layers) }, (_, i) => i),
        ),
        rows: ones(ids.length, Array.from(ids.keys())),
        columns: ones(tokens + ids.length, [0, 1, 2, 3, 4]),
      });
      expect(distance(plain, seeing)).toBeGreaterThan(1e-2);
      expect(distance(plain, blinded)).toBeLessThan(1e-5);
    });
  });
});
