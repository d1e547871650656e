import { add, entry, exp, type ModelDefinition, model, mul, neg, upTo } from '@casement/dsl';
import { makeTensor } from '@casement/ir';
import type { Executor } from '@casement/session';
import { referenceExecutor } from '@casement/session/reference';
import { expect, it } from 'vitest';
import { exposeValues } from './exposeValues.ts';
import { findDeparture } from './findDeparture.ts';

const definition: ModelDefinition = model('tiny', {
  dims: { n: upTo(4) },
  entries: {
    first: entry({ inputs: { x: 'float[n]' } }, ({ x }) => ({ y: neg(exp(x)) })),
    second: entry({ inputs: { x: 'float[n]' }, params: { w: 'float[]' } }, ({ x }, { w }) => ({
      y: add(exp(mul(x, w)), 1),
    })),
  },
});
const program = exposeValues(definition.build({ dtype: 'f32' }));
const withWeight = (w: number) => referenceExecutor(program, { param: () => makeTensor('f32', [], () => w) });

async function* drive(executor: Executor): AsyncGenerator<void> {
  const x = makeTensor('f32', [2], (i) => i + 1);
  await executor.run('first', { x });
  yield;
  await executor.run('second', { x });
  await executor.run('second', { x });
}

it('is the first value that differs, in the run where it does', async () => {
  const executors = { reference: withWeight(1), target: withWeight(1.5) };
  const departure = await findDeparture(program, executors, drive, 1e-4);
  expect(departure).toMatchObject({ entry: 'second', run: 0, value: 'mul_0', maxAbsolute: 1 });
  expect(departure?.node).toContain('%mul_0 : f32[n] = mul(%x, @w)');
  expect(departure?.place).toMatch(/findDeparture\.test\.ts:14/);
});

it('is nowhere when all runs agree', async () => {
  const executors = { reference: withWeight(1), target: withWeight(1 + 1e-6) };
  expect(await findDeparture(program, executors, drive, 1e-4)).toBeUndefined();
});

it('is a result of another length, once lengths depend on data', async () => {
  const target = withWeight(1);
  const shorter: Executor = {
    target: 'onnx',
    signature: target.signature,
    lengths: target.lengths,
    async run(entry, inputs) {
      const outputs = await target.run(entry, inputs);
      return { ...outputs, exp_0: makeTensor('f32', [1], () => 0) };
    },
    reset: () => target.reset(),
    dispose: () => target.dispose(),
  };
  const departure = await findDeparture(program, { reference: withWeight(1), target: shorter }, drive, 1e-4);
  expect(departure).toMatchObject({ entry: 'first', value: 'exp_0', maxAbsolute: Number.POSITIVE_INFINITY });
});
