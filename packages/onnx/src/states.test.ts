import { namedDim, verifyProgram } from '@casement/ir';
import type { HostTensors } from '@casement/session';
import { referenceExecutor } from '@casement/session/reference';
import { describe, expect, it } from 'vitest';
import { maxDifference, openInRuntime } from '../../../test/support/onnx.ts';
import { image, type SmallDecoderOptions, smallDecoder, tokens } from '../../../test/support/smallDecoder.ts';
import type { Profile } from './context.ts';

type Call = readonly [entry: 'step' | 'openWindow', inputs: HostTensors];

/** Runs the calls in ONNX Runtime and on the reference; the largest difference between their logits. */
async function largestDifference(profile: Profile, chosen: Partial<SmallDecoderOptions>, calls: readonly Call[]) {
  const { program, params } = smallDecoder(chosen);
  verifyProgram(program);
  const onnx = await openInRuntime(program, profile, params);
  const reference = referenceExecutor(program, {
    param: (name) => params.get(name) ?? expect.fail(`no param ${name}`),
  });
  const differences: number[] = [];
  for (const [entry, inputs] of calls) {
    const actual = await onnx.run(entry, inputs);
    const expected = await reference.run(entry, inputs);
    expect(onnx.lengths).toEqual(reference.lengths);
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    for (const [name, { data }] of Object.entries(expected)) {
      differences.push(maxDifference(actual[name]?.data ?? [], data));
    }
  }
  await onnx.dispose();
  return Math.max(...differences);
}

/** Text before any image, a prefill, single tokens, a new image in between, a chunk with a past. */
function conversation(batch = 1): Call[] {
  return [
    ['step', tokens(3, 0, batch)],
    ['openWindow', image(5, 3, batch)],
    ['step', tokens(4, 3, batch)],
    ['step', tokens(1, 7, batch)],
    ['step', tokens(1, 8, batch)],
    ['openWindow', image(1, 9, batch)],
    ['openWindow', image(2, 9, batch)],
    ['step', tokens(1, 9, batch)],
    ['step', tokens(5, 10, batch)],
  ];
}

describe.each(['ort', 'onnx'] as const)('profile %s', (profile) => {
  it.each<[string, Partial<SmallDecoderOptions>]>([
    ['casa', {}],
    ['ca', { attention: 'ca' }],
    ['casa, interleaved pairs', { layout: 'interleaved' }],
    ['casa, head size 6', { headDim: 6 }],
    ['ca, head size 6', { headDim: 6, attention: 'ca' }],
    ['casa, head size 16, as many kv heads', { headDim: 16, heads: 3, kvHeads: 3 }],
    ['casa, one kv head', { heads: 5, kvHeads: 1 }],
    ['ca, one kv head', { heads: 5, kvHeads: 1, attention: 'ca' }],
  ])('%s: chunks, single tokens and new images agree with the reference', async (_, options) => {
    expect(await largestDifference(profile, options, conversation())).toBeLessThanOrEqual(1e-5);
  });

  it.each<[string, Partial<SmallDecoderOptions>]>([
    ['casa', { batch: 2 }],
    ['ca', { batch: 2, attention: 'ca' }],
    ['casa, any number of sequences', { batch: namedDim('batch') }],
    ['ca, any number of sequences', { batch: namedDim('batch'), attention: 'ca' }],
  ])('%s: two sequences at once agree with the reference', async (_, options) => {
    expect(await largestDifference(profile, options, conversation(2))).toBeLessThanOrEqual(1e-5);
  });

  it.each<[string, Partial<SmallDecoderOptions>]>([
    ['casa', { dtype: 'f16' }],
    ['ca', { dtype: 'f16', attention: 'ca' }],
  ])('%s: half precision agrees with the reference in half precision', async (_, options) => {
    expect(await largestDifference(profile, options, conversation())).toBeLessThanOrEqual(2e-2);
  });
});
