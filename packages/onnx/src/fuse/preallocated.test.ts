import { type Graph, namedDim, type Program } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import { type SmallDecoderOptions, smallDecoder } from '../../../../test/support/smallDecoder.ts';
import { batchGraph } from './batchGraph.ts';
import { fuse } from './fuse.ts';
import { Notes } from './notes.ts';
import { preallocatedDims } from './preallocated.ts';

function withStep(program: Program, change: (step: Graph) => Partial<Graph>): Program {
  const step = program.entries.get('step') ?? expect.fail('no step');
  return { ...program, entries: new Map([...program.entries, ['step', { ...step, ...change(step) }]]) };
}

describe('states held at full capacity', () => {
  it.each<[string, Partial<SmallDecoderOptions>, readonly string[]]>([
    ['those that attention appends to and reads', {}, ['past', 'window']],
    ['not windows that are only read', { attention: 'ca' }, ['past']],
    ['none with heads that the kernel does not take', { headDim: 6 }, []],
    ['none of several sequences', { batch: namedDim('batch') }, []],
  ])('are %s', (_, options, expected) => {
    expect([...preallocatedDims(smallDecoder(options).program)]).toEqual(expected);
  });

  it('are not those that an output shows', () => {
    const { program } = smallDecoder();
    const shown = withStep(program, (step) => {
      const state = step.states.find((use) => use.state.includes('past_key_values')) ?? expect.fail('no state');
      return { outputs: [...step.outputs, { name: 'keys', value: state.end }] };
    });
    expect([...preallocatedDims(shown)]).toEqual(['window']);
  });
});

describe('attention that rotates by itself', () => {
  it.each([
    [16, ['past_key_values', 'past_key_values']],
    [8, []],
  ])('is that over the text, with heads of %i', (headDim, caches) => {
    const { program } = smallDecoder({ headDim });
    const step = program.entries.get('step') ?? expect.fail('no step');
    const { qkv } = fuse(program, step, preallocatedDims(program), () => new Uint8Array(), new Notes());
    const states = [...qkv.keys()].map(({ inputs }) => inputs[1]?.state?.split('.').at(-2));
    expect(states).toEqual(caches);
  });
});

describe('several sequences', () => {
  it('widen an entry made for one', () => {
    const { program } = smallDecoder();
    const wide = batchGraph(program, program.entries.get('step') ?? expect.fail('no step'));
    expect(wide?.graph.outputs.map(({ value }) => value.type.shape.map(String))).toEqual([['batch', 'seq', '19']]);
    expect(wide?.axes).toEqual({ input_ids: 0, position_ids: 0 });
  });

  it('are refused where an output is not of one of them', () => {
    const { program } = smallDecoder();
    const step = program.entries.get('step') ?? expect.fail('no step');
    const weight = program.params.get('norm.weight') ?? expect.fail('no weight');
    const outputs = [...step.outputs, { name: 'scale', value: weight }];
    expect(batchGraph(program, { ...step, outputs })).toBeUndefined();
  });

  it('are refused by an op that might mix them', () => {
    const { program } = smallDecoder();
    const step = program.entries.get('step') ?? expect.fail('no step');
    const mixed = step.nodes.map((node) =>
      node.op.name === 'swiglu' ? { ...node, op: { ...node.op, name: 'unknown' } } : node,
    );
    expect(batchGraph(program, { ...step, nodes: mixed })).toBeUndefined();
  });
});
