import { bindDims, evaluateGraph, isFloat, type Op, ops, sampleProgram } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import { maxDifference, openInRuntime } from '../../../test/support/onnx.ts';

const cases = Object.values<Op>(ops).flatMap((op) => op.samples.map((sample) => ({ op, sample })));
const TOLERANCE = { f32: 1e-5, f16: 4e-3 };

describe.each(cases)('$op.name: $sample.name', ({ op, sample }) => {
  it.each([
    ['ort', 'f32'],
    ['onnx', 'f32'],
    ['ort', 'f16'],
    ['onnx', 'f16'],
  ] as const)('profile %s gives the reference in %s', async (profile, dtype) => {
    const { program, graph, inputs } = sampleProgram(op, sample, { dtype });
    const shapes = new Map([...inputs].map(([name, tensor]) => [name, tensor.shape]));
    const bindings = bindDims(program, graph, shapes, new Map());
    const given = ({ name }: { name: string }) => inputs.get(name) ?? expect.fail(`no input ${name}`);
    const expected = evaluateGraph(
      graph,
      graph.outputs.map(({ value }) => value),
      { given, bindings },
    );
    const executor = await openInRuntime(program, profile);
    const results = await executor.run('main', Object.fromEntries(inputs));
    await executor.dispose();
    graph.outputs.forEach(({ name }, i) => {
      const result = results[name] ?? expect.fail(`output ${name} is missing`);
      const wanted = expected[i] ?? expect.fail(`the reference gives no ${name}`);
      expect(result).toMatchObject({ dtype: wanted.dtype, shape: wanted.shape });
      const largest = Math.max(1, ...Array.from(wanted.data).filter(Number.isFinite).map(Math.abs));
      const tolerance = isFloat(wanted.dtype) ? TOLERANCE[dtype] * largest : 0;
      const difference = maxDifference(result.data, wanted.data);
      expect(difference).toBeLessThanOrEqual(tolerance);
    });
  });
});
