import {
  type Graph,
  type HostTensor,
  isFloat,
  type Op,
  ops,
  type Program,
  sampleProgram,
  type Value,
} from '@casement/ir';
import { expandComposites, runPasses } from '@casement/passes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, lowersWhole, openBench, TARGETS, type Target } from '../support/bench.ts';
import { programCase, runCase, tensorDifference } from '../support/programCase.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const DTYPES = ['f32', 'f16', 'bf16'] as const;
type DType = (typeof DTYPES)[number];

/** Targets round less often than the reference does, and sum in another order. */
const TOLERANCE = { f32: 1e-5, f16: 4e-3, bf16: 3e-2 };

/** What a target cannot run, all of it: it must say so when it lowers the program. */
const CANNOT: readonly { readonly targets: readonly Target[]; readonly dtype: DType; readonly says: RegExp }[] = [
  { targets: ['ort', 'onnx'], dtype: 'bf16', says: /is bf16, which ONNX Runtime cannot compute with here/ },
];

const cases = Object.values<Op>(ops).flatMap((op) => op.samples.map((sample) => ({ op, sample })));

describe.each(cases)('$op.name: $sample.name', ({ op, sample }) => {
  const runs = TARGETS.flatMap((target) => DTYPES.map((dtype) => [target, dtype] as const));

  it.each(runs)('%s gives the reference in %s', async (target, dtype) => {
    const { program, inputs } = sampleProgram(op, sample, { dtype });
    await expectReference(target, dtype, program, inputs);
    const weighty = withParams(program);
    if (weighty.params.size > 0) await expectReference(target, dtype, weighty, inputs);
  });
});

async function expectReference(
  target: Target,
  dtype: DType,
  program: Program,
  tensors: ReadonlyMap<string, HostTensor>,
): Promise<void> {
  const params = new Map([...tensors].filter(([name]) => program.params.has(name)));
  const inputs = new Map([...tensors].filter(([name]) => !program.params.has(name)));
  const [expected] = runCase({ ...programCase(program, []), params, calls: [{ entry: 'main', inputs, sizes: {} }] });
  const passes = [expandComposites((name) => lowersWhole(target, name))];
  const opened = bench.open(target, runPasses(program, passes).program, params);
  const limit = CANNOT.find((it) => it.targets.includes(target) && it.dtype === dtype);
  if (limit && computesIn(dtype, program)) return expect(opened).rejects.toThrow(limit.says);
  const executor = await opened;
  const outputs = await executor.run('main', Object.fromEntries(inputs));
  await executor.dispose();
  expect(Object.keys(outputs)).toEqual([...(expected?.outputs.keys() ?? [])]);
  for (const [name, wanted] of expected?.outputs ?? []) {
    const tolerance = isFloat(wanted.dtype) ? TOLERANCE[dtype] : 0;
    expect(tensorDifference(outputs[name], wanted)).toBeLessThanOrEqual(tolerance);
  }
}

/** Every op but cast, which turns weights of a dtype that nothing else takes into one that all do. */
function computesIn(dtype: DType, program: Program): boolean {
  const [node] = mainOf(program).nodes;
  const values = [
    ...(node?.outputs ?? []),
    ...(node?.op.name === 'cast' ? mainOf(program).inputs : (node?.inputs ?? [])),
  ];
  return values.some(({ type }) => type.dtype === dtype);
}

/** The program with inputs that may be weights as params, so that weights take part in every way an op can use them. */
function withParams(program: Program): Program {
  const graph = mainOf(program);
  const isParam = ({ type }: Value) => isFloat(type.dtype) || type.dtype === 'u8';
  const asParam = new Map(
    graph.inputs.filter(isParam).map((value): [Value, Value] => [value, { ...value, kind: 'param' }]),
  );
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((value) => asParam.get(value) ?? value),
  }));
  const inputs = graph.inputs.filter((value) => !isParam(value));
  return {
    ...program,
    params: new Map([...asParam.values()].map((value) => [value.name, value])),
    entries: new Map([['main', { ...graph, inputs, nodes }]]),
  };
}

function mainOf(program: Program): Graph {
  return program.entries.get('main') ?? expect.fail('no entry main');
}
