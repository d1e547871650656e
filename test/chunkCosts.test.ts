import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '@casement/ir';
import { type DecoderConfig, decoder } from '@casement/models';
import { type BundleReport, gpuSubgroupsProfile, lowerToWebGpu } from '@casement/webgpu';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../packages/casement/src/load/loadModel.ts';
import { locationsOf } from './parity/hasOwnKernels.ts';
import { compiledFor } from './support/compiledFor.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');

function reportOf(built: Program): { readonly program: Program; readonly entries: BundleReport['entries'] } {
  const program = compiledFor('webgpu', built);
  const { report } = lowerToWebGpu(program, { weights: locationsOf(program), profile: gpuSubgroupsProfile });
  return { program, entries: report.entries };
}

describe.each(readdirSync(FIXTURES))('%s', (name) => {
  it('reads a chunk with 7 dispatches a layer, 4 more for a fusion layer and 4 for all, and an image at once', async () => {
    const { definition } = await loadModel(join(FIXTURES, name), undefined);
    const { program, entries } = reportOf(definition.build({ dtype: 'f16' }));
    const { step, openWindow } = entries;
    const layers = new Set([...program.params.keys()].map((param) => /^model\.layers\.\d+/.exec(param)?.[0]));
    layers.delete(undefined);
    const fused = [...program.states.keys()].filter((state) => state.endsWith('.window.key')).length;
    expect(step?.dispatches).toBeLessThanOrEqual(7 * layers.size + 4 * fused + 4);
    expect(step?.notes).toEqual([]);
    const linears = program.entries.get('openWindow')?.nodes.filter(({ op }) => op.name === 'linear') ?? [];
    const readsImage = linears.every(({ inputs: [x] }) => x?.kind === 'input');
    if (openWindow && readsImage) expect(openWindow).toMatchObject({ dispatches: 1, arena: { bytes: 0 }, notes: [] });
  });
});

it('opens a window of many fusion layers with few dispatches', () => {
  const config: DecoderConfig = {
    name: 'deep',
    ...{ vocab: 32, hidden: 64, ffn: 64, layers: 24, heads: 4, kvHeads: 2, headDim: 16 },
    norm: { eps: 1e-6, scaleInF32: false },
    rope: { theta: 1e4, layout: 'half' },
    bias: { qkv: true, o: false, mlp: false },
    tied: true,
    fusion: { attention: 'casa', order: 'parallel', shared: false, updateImages: false },
    capacity: { text: 64, window: 64, image: 16, chunk: 16 },
  };
  expect(reportOf(decoder(config).build({ dtype: 'f16' })).entries.openWindow?.dispatches).toBe(3);
});

it('computes one row of logits where one place of a chunk counts', async () => {
  const { definition } = await loadModel(join(FIXTURES, 'text-only'), undefined);
  const program = compiledFor('webgpu', definition.build({ dtype: 'f32' }));
  const { plan } = lowerToWebGpu(program, { weights: locationsOf(program), profile: gpuSubgroupsProfile });
  const { step } = plan.variants[0]?.entries ?? {};
  const list = step?.special?.find(({ when }) => !('seq' in when));
  expect(list?.when).toEqual({ kept: 1 });
  expect(list?.dispatches.at(-1)?.kernel).toMatch(/^projectRows/);
  // Without rows there is nothing to run.
  expect(JSON.stringify(step?.dispatches.at(-1)?.grid)).toContain('kept');
});
