import { describe, expect, it } from 'vitest';
import { bindDims } from './bind.ts';
import { evaluateGraph, resolveShape } from './evaluate.ts';
import type { Op } from './op.ts';
import { ops } from './ops/index.ts';
import { drawTensor, sampleProgram } from './samples.ts';
import { parseProgram } from './text/parse.ts';
import { printProgram } from './text/print.ts';
import { verifyProgram } from './verify.ts';

const cases = Object.values<Op>(ops).flatMap((op) => op.samples.map((sample) => ({ op, sample })));

describe.each(cases)('$op.name: $sample.name', ({ op, sample }) => {
  it.each(['f32', 'f16', 'bf16'] as const)('runs in %s and gives numbers', (dtype) => {
    const { program, graph, inputs } = sampleProgram(op, sample, { dtype });
    verifyProgram(program);
    expect(printProgram(parseProgram(printProgram(program)))).toBe(printProgram(program));
    const shapes = new Map([...inputs].map(([name, tensor]) => [name, tensor.shape]));
    const wanted = graph.outputs.map(({ value }) => value);
    const given = ({ name }: { name: string }) => inputs.get(name) ?? expect.fail(`no input ${name}`);
    const counted = new Map<string, number>();
    const results = evaluateGraph(graph, wanted, {
      given,
      bindings: bindDims(program, graph, shapes, new Map()),
      onCount: (dim, value) => counted.set(dim, value),
    });
    results.forEach((tensor, i) => {
      const type = wanted[i]?.type ?? expect.fail('one tensor per output');
      expect(tensor).toMatchObject({ dtype: type.dtype, shape: resolveShape(type.shape, counted) });
      const nan = tensor.data.findIndex((value) => Number.isNaN(value));
      expect(nan, `element ${nan} of ${op.name} is NaN`).toBe(-1);
    });
  });
});

describe('sampleProgram', () => {
  it('draws the same tensors every time, rounded to the dtype', () => {
    const [sample] = ops.linear.samples;
    if (sample === undefined) throw new Error('linear has no sample');
    const [first, second] = [sampleProgram(ops.linear, sample), sampleProgram(ops.linear, sample)];
    expect(first.inputs).toEqual(second.inputs);
    const half = sampleProgram(ops.linear, sample, { dtype: 'f16' }).inputs.get('x0');
    const full = first.inputs.get('x0');
    expect(half?.dtype).toBe('f16');
    half?.data.forEach((value, i) => {
      const exact = full?.data[i] ?? Number.NaN;
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.abs(exact) * 2 ** -11);
      expect(value).not.toBe(exact);
    });
  });

  it('draws what is asked for', () => {
    let calls = 0;
    const random = () => [0, 0.25, 0.5, 0.999][calls++ % 4] ?? 0;
    expect([...drawTensor('i32', [4], { below: 10 }, random).data]).toEqual([0, 2, 5, 9]);
    expect([...drawTensor('f32', [4], 'unit', random).data]).toEqual([-1, -0.5, 0, Math.fround(0.998)]);
    expect([...drawTensor('f32', [2], 'positive', random).data]).toEqual([0.1, 0.6].map(Math.fround));
    expect(() => drawTensor('i32', [2], 'normal', random)).toThrow('drawing i32[2] needs { below }, got "normal"');
  });
});
