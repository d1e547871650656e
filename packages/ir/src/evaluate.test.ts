import { describe, expect, it } from 'vitest';
import { bindDims } from './bind.ts';
import { evaluateGraph, expandNode } from './evaluate.ts';
import { ops } from './ops/index.ts';
import type { Graph, Program } from './program.ts';
import { type HostTensor, tensorOf } from './tensor.ts';
import { parseProgram } from './text/parse.ts';
import { printNode } from './text/print.ts';
import { verifyProgram } from './verify.ts';

function mainOf(program: Program): Graph {
  return program.entries.get('main') ?? expect.fail('no entry "main"');
}

function parse(body: string): Program {
  const program = parseProgram(`program p\ndim seq = 1 .. 8\ndim past = 0 .. 8\n${body}`);
  verifyProgram(program);
  return program;
}

const tensors = new Map<string, HostTensor>([
  ['x', tensorOf('f32', [2, 2], [1, 2, 3, 4])],
  ['w', tensorOf('f32', [1, 2], [10, 100])],
  ['s', tensorOf('f32', [1, 2], [7, 8])],
  ['i', tensorOf('i32', [2], [0, 5])],
]);
const given = ({ name }: { name: string }) => tensors.get(name) ?? expect.fail(`"${name}" is not given`);
const bindings = new Map(Object.entries({ seq: 2, past: 1 }));

describe('evaluateGraph', () => {
  const program = parse(`param @w : f32[1 2]
state $s : f32[past 2] axis 0

entry main(%x : f32[seq 2]) {
  %y : f32[seq 1] = linear(%x, @w)
  %unused : f32[seq 2] = exp(%x)
  %twice : f32[seq 1] = add(%y, %y)
  %next : f32[past+seq 2] = append($s, %x) {axis=0}
  %last : f32[1 2] = slice(%next) {axis=0, start=past+seq-1, size=1}
  keep $s = %next
  return twice = %twice
  return last = %last
}
`);
  const graph = mainOf(program);

  it('gives the values that are wanted, be they results, inputs, params or states', () => {
    const { start, end } = graph.states[0] ?? expect.fail('no state');
    const wanted = [...graph.outputs.map(({ value }) => value), end, start, ...graph.inputs];
    const results = evaluateGraph(graph, wanted, { given, bindings });
    expect(results).toEqual([
      tensorOf('f32', [2, 1], [420, 860]),
      tensorOf('f32', [1, 2], [3, 4]),
      tensorOf('f32', [3, 2], [7, 8, 1, 2, 3, 4]),
      given({ name: 's' }),
      given({ name: 'x' }),
    ]);
  });

  it('shows every result with its node, in order', () => {
    const seen: string[] = [];
    evaluateGraph(graph, [], {
      given,
      bindings,
      onResult: (value, tensor, node) => seen.push(`${value.name} = ${node.op.name} [${tensor.shape}]`),
    });
    expect(seen).toEqual([
      'y = linear [2,1]',
      'unused = exp [2,2]',
      'twice = add [2,1]',
      'next = append [3,2]',
      'last = slice [1,2]',
    ]);
  });

  it('binds what it is called with', () => {
    const shapes = new Map([['x', [2, 2]]]);
    expect(bindDims(program, graph, shapes, new Map([['past', 1]]))).toEqual(new Map([...bindings].reverse()));
  });
});

describe('faults while running', () => {
  it('name the value, the scope and the place', () => {
    const program = parse(`entry main(%x : f32[2 2], %i : i32[2]) {
  %row : f32[2 2] = gather(%x, %i) {axis=0} in "embed" at "model.ts":3:9
  return row = %row
}
`);
    const graph = mainOf(program);
    expect(() => evaluateGraph(graph, [], { given, bindings })).toThrowErrorMatchingInlineSnapshot(`
      [IrError: row: gather: index 5 is outside 0 … 1
        in embed
        at model.ts:3:9]
    `);
  });

  it('say which size is unknown or negative', () => {
    const program = parse(`entry main(%x : f32[2 2]) {
  %rows : i32[past-seq] = iota() {size=past-seq} in "mask"
  return rows = %rows
}
`);
    const graph = mainOf(program);
    expect(() => evaluateGraph(graph, [], { given, bindings })).toThrowErrorMatchingInlineSnapshot(`
      [IrError: rows: size past - seq is -1 for past=1, seq=2; sizes are whole numbers, zero or more
        in mask]
    `);
    const unbound = new Map([['past', 4]]);
    expect(() => evaluateGraph(graph, [], { given, bindings: unbound })).toThrowErrorMatchingInlineSnapshot(`
      [IrError: rows: dim "seq" of size past - seq has no value
        in mask]
    `);
  });

  it('say that a slice leaves its axis', () => {
    const program = parse(`entry main(%x : f32[seq 2]) {
  %row : f32[1 2] = slice(%x) {axis=0, start=past, size=1}
  return row = %row
}
`);
    const late = new Map(Object.entries({ seq: 2, past: 2 }));
    expect(() => evaluateGraph(mainOf(program), [], { given, bindings: late })).toThrowErrorMatchingInlineSnapshot(
      `[IrError: row: slice 2 … 2 exceeds 2 elements]`,
    );
  });
});

it('expandNode gives the nodes that a composite stands for', () => {
  const program = parse(`param @w : f32[1 2]
entry main(%x : f32[seq 2]) {
  %y : f32[seq 1] = linear(%x, @w) in "head" at "model.ts":1:2
  return y = %y
}
`);
  const [node] = mainOf(program).nodes;
  if (node === undefined) throw new Error('one node');
  const { nodes, results } = expandNode(node, ops.linear);
  expect(nodes.map(printNode)).toEqual([
    '%transpose_0 : f32[2 1] = transpose(@w) {perm=[1 0]} in "head" at "model.ts":1:2',
    '%matmul_1 : f32[seq 1] = matmul(%x, %transpose_0) in "head" at "model.ts":1:2',
  ]);
  expect(results).toEqual([nodes[1]?.outputs[0]]);
});
