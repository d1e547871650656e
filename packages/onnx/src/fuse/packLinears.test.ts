import { type Graph, parseProgram } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import type { WeightPlace } from '../proto.ts';
import { adjacentParams } from './adjacentParams.ts';
import { packLinears } from './packLinears.ts';
import type { Qkv } from './qkv.ts';

const program = parseProgram(`program two
dim seq = 1 .. 8
param @a.gate.weight : f32[6 4]
param @a.up.weight : f32[6 4]
param @a.other.weight : f32[2 4]
entry main(%x : f32[1 seq 4]) {
  %g : f32[1 seq 6] = linear(%x, @a.gate.weight)
  %u : f32[1 seq 6] = linear(%x, @a.up.weight)
  %o : f32[1 seq 2] = linear(%x, @a.other.weight)
  %y : f32[1 seq 6] = mul(%g, %u)
  return y = %y
  return o = %o
}
`);
const graph: Graph = program.entries.get('main') ?? expect.fail('no entry');

function places(offsets: Readonly<Record<string, number>>): (param: string) => WeightPlace {
  return (param) => {
    const byteLength = 4 * 4 * Number(program.params.get(param)?.type.shape[0]);
    return { file: 'model.safetensors', byteOffset: offsets[param] ?? 0, byteLength };
  };
}

describe('linear layers of the same rows', () => {
  it('become one that reads their weights as one tensor', () => {
    const where = places({ 'a.gate.weight': 8, 'a.up.weight': 104, 'a.other.weight': 200 });
    const { graph: packed, params } = packLinears(graph, where, []);
    expect(params).toHaveLength(1);
    expect(params[0]).toMatchObject({
      param: { name: 'a.gate+up+other.weight', type: { shape: [14, 4] } },
      place: { file: 'model.safetensors', byteOffset: 8, byteLength: 224 },
    });
    expect(packed.nodes.map(({ op }) => op.name)).toEqual(['linear', 'slice', 'slice', 'slice', 'mul']);
    // Values keep their identity, so that whoever reads them need not change.
    const results = (of: Graph) => new Set(of.nodes.flatMap(({ outputs }) => outputs));
    for (const value of results(graph)) expect(results(packed)).toContain(value);
  });

  it('stay alone where their weights lie apart', () => {
    const where = places({ 'a.gate.weight': 8, 'a.up.weight': 104, 'a.other.weight': 300 });
    const { graph: packed, params } = packLinears(graph, where, []);
    expect(params.map(({ param }) => param.name)).toEqual(['a.gate+up.weight']);
    expect(packed.nodes.filter(({ op }) => op.name === 'linear')).toHaveLength(2);
    expect(packLinears(graph, places({ 'a.up.weight': 8, 'a.gate.weight': 104 }), []).graph).toBe(graph);
  });

  it('lie side by side for those attentions alone that read all three of them', () => {
    const where = places({ 'a.gate.weight': 8, 'a.up.weight': 104, 'a.other.weight': 200 });
    const [gate, up, other, mul] = graph.nodes;
    if (!gate || !up || !other || !mul) expect.fail('four nodes');
    const qkv = (...linears: Qkv['linears']): Qkv => ({ attention: mul, state: 'keys', linears, rope: undefined });
    const [all, sameQuery] = [qkv(gate, up, other), qkv(gate, other, up)];
    expect([...packLinears(graph, where, [all, sameQuery]).qkv.keys()]).toEqual([all]);
  });

  it('are what a file should hold side by side', () => {
    expect(adjacentParams(program)).toEqual([['a.gate.weight', 'a.up.weight', 'a.other.weight']]);
  });
});
