import { type Program, parseProgram } from '@casement/ir';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { body, entryOf } from '../../../test/support/passes.ts';
import { largestDifference, type ProgramCase, runCase } from '../../../test/support/programCase.ts';
import { type RandomProgramOptions, randomProgram } from '../../../test/support/randomProgram.ts';
import type { Pass } from './pass.ts';
import { runPasses, standardPasses } from './pipeline.ts';

const TEXT = `program p
dim seq = 1 .. 4
param @w : f32[4]
param @spare : f32[4]

entry main(%x : f32[1 seq 4], %positions : i32[1 seq]) {
  %heads : f32[1 seq 1 4] = reshape(%x) {shape=[1 seq 1 4]}
  %q : f32[1 seq 1 4] = rope(%heads, %positions) {theta=100, layout="half", sections=[], axial=false}
  %k : f32[1 seq 1 4] = rope(%heads, %positions) {theta=100, layout="half", sections=[], axial=false}
  %qk : f32[1 seq 1 4] = mul(%q, %k)
  %normed : f32[1 seq 1 4] = rmsNorm(%qk, @w) {eps=1e-6, scaleInF32=false}
  %half : f32[] = constant() {dtype="f32", shape=[], values=[0.5]}
  %one : f32[] = add(%half, %half)
  %y : f32[1 seq 1 4] = mul(%normed, %one)
  return y = %y
}
`;

const expandAll = standardPasses(() => false);

describe('standardPasses', () => {
  it('expand, fold, simplify, merge and remove', () => {
    const { program, report } = runPasses(parseProgram(TEXT), expandAll);
    expect(body(program)).toMatchInlineSnapshot(`
      "
        %heads : f32[1 seq 1 4] = reshape(%x) {shape=[1 seq 1 4]}
        %q.0 : f32[2] = constant() {dtype="f32", shape=[2], values=[1 0.10000000149011612]}
        %q.1 : f32[1 seq] = cast(%positions) {to="f32"}
        %q.2 : f32[1 seq 1] = reshape(%q.1) {shape=[1 seq 1]}
        %q.3 : f32[1 seq 2] = mul(%q.2, %q.0)
        %q.4 : f32[1 seq 2] = cos(%q.3)
        %q.5 : f32[1 seq 1 2] = reshape(%q.4) {shape=[1 seq 1 2]}
        %q.6 : f32[1 seq 2] = sin(%q.3)
        %q.7 : f32[1 seq 1 2] = reshape(%q.6) {shape=[1 seq 1 2]}
        %q.8 : f32[1 seq 1 2] = slice(%heads) {axis=-1, start=0, size=2}
        %q.9 : f32[1 seq 1 2] = slice(%heads) {axis=-1, start=2, size=2}
        %q.10 : f32[1 seq 1 2] = mul(%q.8, %q.5)
        %q.11 : f32[1 seq 1 2] = mul(%q.9, %q.7)
        %q.12 : f32[1 seq 1 2] = sub(%q.10, %q.11)
        %q.13 : f32[1 seq 1 2] = mul(%q.9, %q.5)
        %q.14 : f32[1 seq 1 2] = mul(%q.8, %q.7)
        %q.15 : f32[1 seq 1 2] = add(%q.13, %q.14)
        %q : f32[1 seq 1 4] = concat(%q.12, %q.15) {axis=-1}
        %qk : f32[1 seq 1 4] = mul(%q, %q)
        %normed.0 : f32[1 seq 1 4] = mul(%qk, %qk)
        %normed.1 : f32[1 seq 1 1] = reduceMean(%normed.0) {axis=-1, keepDims=true}
        %normed.2 : f32[] = constant() {dtype="f32", shape=[], values=[0.000001]}
        %normed.3 : f32[1 seq 1 1] = add(%normed.1, %normed.2)
        %normed.4 : f32[1 seq 1 1] = rsqrt(%normed.3)
        %normed.5 : f32[1 seq 1 4] = mul(%qk, %normed.4)
        %normed : f32[1 seq 1 4] = mul(%normed.5, @w)
        return y = %normed
      "
    `);
    expect([...program.params.keys()]).toEqual(['w']);
    expect(report.map(({ pass, changed }) => `${pass} ${changed}`)).toEqual([
      'expandComposites true',
      'foldConstants true',
      'simplify true',
      'mergeCommon true',
      'removeDead true',
    ]);
  });

  it('find nothing the second time', () => {
    const { program } = runPasses(parseProgram(TEXT), expandAll);
    const again = runPasses(program, expandAll);
    expect(again.report.filter(({ changed }) => changed)).toEqual([]);
    expect(again.program).toBe(program);
  });
});

describe('runPasses', () => {
  /** Takes the first node of every entry away. */
  const breaking: Pass = {
    name: 'breaking',
    run(program) {
      const entries = [...program.entries].map(
        ([name, graph]) => [name, { ...graph, nodes: graph.nodes.slice(1) }] as const,
      );
      return { program: { ...program, entries: new Map(entries) }, changed: true, notes: ['broke it'] };
    },
  };

  it('shows the program after every pass', () => {
    const seen: string[] = [];
    const onPass = ({ pass }: { pass: string }, { entries }: Program) => {
      seen.push(`${pass}: ${[...entries.values()].map(({ nodes }) => nodes.length)}`);
    };
    const { program } = runPasses(parseProgram(TEXT), expandAll, { onPass });
    expect(seen.map((line) => line.split(':')[0])).toEqual(expandAll.map(({ name }) => name));
    expect(seen.at(-1)).toBe(`removeDead: ${entryOf(program).nodes.length}`);
  });

  it('says which pass broke the program', () => {
    expect(() => runPasses(parseProgram(TEXT), [...expandAll, breaking])).toThrowErrorMatchingInlineSnapshot(
      `[Error: the pass breaking broke the program p: entry main: result "heads" is used but not defined before]`,
    );
  });

  it('does not blame a pass for a program that came broken', () => {
    const broken = parseProgram(TEXT.replace('dim seq = 1 .. 4\n', ''));
    expect(() => runPasses(broken, [breaking])).toThrowErrorMatchingInlineSnapshot(
      `[IrError: entry main: x: dim "seq" is not declared]`,
    );
  });
});

describe('the meaning of a program', () => {
  const differenceAfter = (made: ProgramCase, keep: (opName: string) => boolean): number => {
    const { program } = runPasses(made.program, standardPasses(keep));
    return largestDifference(runCase({ ...made, program }), runCase(made));
  };

  it.each<[string, RandomProgramOptions]>([
    ['elementwise', { steps: ['unary', 'binary', 'exp', 'positive', 'where', 'castIds', 'broadcastTo'] }],
    ['shapes', { steps: ['reshape', 'transpose', 'slice', 'concat', 'broadcastTo', 'gather', 'unary', 'embed'] }],
    ['products', { steps: ['linear', 'matmul', 'reshape', 'transpose', 'reduce', 'binary'] }],
    ['all ops and states', {}],
  ])('stays: %s', (_, options) => {
    fc.assert(
      fc.property(randomProgram(options), (made) => {
        expect(differenceAfter(made, () => false)).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 150 },
    );
  });

  it('stays, to the bit, where composite ops are kept', () => {
    fc.assert(
      fc.property(randomProgram(), (made) => {
        expect(differenceAfter(made, () => true)).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('leaves no composite op that is not kept, no dead node and nothing to do', () => {
    fc.assert(
      fc.property(randomProgram(), fc.boolean(), ({ program }, keepsAttention) => {
        const passes = standardPasses((name) => keepsAttention && name === 'attention');
        const once = runPasses(program, passes).program;
        const composites = [...once.entries.values()].flatMap(({ nodes }) =>
          nodes.filter(({ op }) => op.kind === 'composite' && !(keepsAttention && op.name === 'attention')),
        );
        expect(composites).toEqual([]);
        expect(runPasses(once, passes).report.filter(({ changed }) => changed)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
