import { ops, printProgram, verifyProgram } from '@casement/ir';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largestDifference, parseCase, printCase, runCase } from './programCase.ts';
import { randomProgram } from './randomProgram.ts';

describe('random programs', () => {
  it('are sound, run to finite numbers, and run the same from their text', () => {
    fc.assert(
      fc.property(randomProgram(), (made) => {
        const answers = runCase(made);
        for (const { outputs } of answers) {
          for (const { data } of outputs.values()) expect(Array.from(data).every(Number.isFinite)).toBe(true);
        }
        const again = parseCase(printCase(made));
        verifyProgram(again.program);
        expect(printProgram(again.program)).toBe(printProgram(made.program));
        expect(largestDifference(runCase(again), answers)).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it('use every op and every kind of entry', () => {
    const used = new Set<string>();
    const entries = new Set<string>();
    for (const { program } of fc.sample(randomProgram(), { numRuns: 600, seed: 1 })) {
      for (const graph of program.entries.values()) {
        entries.add(graph.name);
        for (const { op } of graph.nodes) used.add(op.name);
      }
    }
    expect(Object.keys(ops).filter((name) => !used.has(name))).toEqual([]);
    expect([...entries].sort()).toEqual(['clear', 'other', 'step']);
  });

  it('shrink to a few nodes', () => {
    const result = fc.check(
      fc.property(randomProgram(), ({ program }) => {
        const names = [...program.entries.values()].flatMap(({ nodes }) => nodes.map(({ op }) => op.name));
        return !names.includes('softmax') || !names.includes('transpose');
      }),
      { seed: 3, numRuns: 2000 },
    );
    const [made] = result.counterexample ?? [];
    const nodes = [...(made?.program.entries.values() ?? [])].flatMap((graph) => graph.nodes);
    expect(result.failed).toBe(true);
    expect(nodes.length).toBeLessThanOrEqual(4);
    expect(made?.calls).toHaveLength(1);
    expect(fc.stringify(made)).toContain('call step seq=1');
  });
});
