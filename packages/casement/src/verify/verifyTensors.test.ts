import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WrittenTensor, writeSafetensors } from '../../../../test/support/safetensors.ts';
import { formatVerification } from './formatVerification.ts';
import { type TensorReport, type VerifyOptions, verify } from './verify.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'casement-verify-test-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

type Tensors = Readonly<Record<string, WrittenTensor>>;
const f32 = (shape: readonly number[], values: readonly number[]): WrittenTensor => ({ dtype: 'F32', shape, values });
const i32 = (shape: readonly number[], values: readonly number[]): WrittenTensor => ({ dtype: 'I32', shape, values });

interface Case {
  readonly dims: string;
  /** Source text of what is in `entries: {…}`. */
  readonly entries: string;
  readonly weights?: Tensors;
  readonly golden: Tensors;
  readonly roles?: object;
  /** Source text of the export `golden`. */
  readonly script?: string;
}

let count = 0;

/** Writes a model, its weights and its golden, and verifies them on the reference alone, unless told otherwise. */
async function check(
  { dims, entries, weights = {}, golden, roles, script }: Case,
  options: Partial<VerifyOptions> = {},
): Promise<TensorReport> {
  const name = join(dir, `case-${count++}`);
  const source = `import * as c from 'casement';
export default c.model('tiny', { dims: { ${dims} }, entries: { ${entries} } });
${script ? `export const golden = ${script};` : ''}`;
  writeFileSync(`${name}.ts`, source);
  const report = await verify({
    model: `${name}.ts`,
    checkpoint: writeSafetensors(`${name}.weights.safetensors`, weights),
    golden: writeSafetensors(`${name}.safetensors`, golden, roles ? { roles: JSON.stringify(roles) } : undefined),
    targets: ['reference'],
    ...options,
  });
  if (report.kind !== 'tensors') throw new Error('not verified by tensors');
  return report;
}

async function problemOf(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.catch((thrown: unknown) => thrown);
  return (error instanceof Error ? error.message : 'passed').replaceAll(/\S*case-\d+/g, 'DIR');
}

const doubled = {
  dims: 'n: c.upTo(8, { min: 0 })',
  entries: `forward: c.entry({ inputs: { x: 'float[n 3]' } }, ({ x }) =>
    ({ y: c.add(x, x), best: c.argMax(x, -1) }))`,
};
const rows = { x: f32([2, 3], [1, 2, 3, 6, 5, 4]), y: f32([2, 3], [2, 4, 6, 12, 10, 8]), best: i32([2], [2, 0]) };

describe('an entry whose inputs a golden holds', () => {
  it('is run on every target and compared by name', async () => {
    const report = await check({ ...doubled, golden: rows }, { targets: ['reference', 'onnx', 'webgpu'] });
    expect(report.targets.map(({ target, passed }) => [target, passed])).toEqual([
      ['reference', true],
      ['onnx', true],
      ['webgpu', true],
    ]);
    const zero = { difference: { maxAbsolute: 0, maxRelative: 0, at: 0 } };
    for (const { outputs } of report.targets) {
      expect(outputs).toEqual([
        { entry: 'forward', output: 'y', shape: [2, 3], passed: true, ...zero },
        { entry: 'forward', output: 'best', shape: [2], passed: true },
      ]);
    }
    expect(report.targets[0]?.unused).toEqual([]);
  });

  it('fails by more than the tolerance, and says by how much and where', async () => {
    const y = f32([2, 3], [2, 4, 6, 12, 10.25, 8]);
    const { targets, passed } = await check({ ...doubled, golden: { ...rows, y } });
    expect(passed).toBe(false);
    expect(targets[0]?.outputs[0]).toMatchObject({ passed: false, difference: { maxAbsolute: 0.25, at: 4 } });
    expect((await check({ ...doubled, golden: { ...rows, y } }, { tolerance: 0.3 })).passed).toBe(true);
  });

  it('must give equal integers, and the first that is not is told', async () => {
    const report = await check({ ...doubled, golden: { ...rows, best: i32([2, 1], [2, 1]) } });
    expect(report.passed).toBe(false);
    expect(report.targets[0]?.outputs[1]?.mismatch).toEqual({ count: 1, at: [1, 0], got: 0, wanted: 1 });
    expect(formatVerification(report)).toContain('best of reference differs first at [1, 0]: 0, not 1');
  });

  it('fails when a result has another shape', async () => {
    const { targets } = await check({ ...doubled, golden: { ...rows, y: f32([3, 2], rows.y.values) } });
    expect(targets[0]?.outputs[0]).toMatchObject({ passed: false, problem: 'is [2, 3], not [3, 2]' });
  });

  it('may give nothing at all', async () => {
    const golden = { x: f32([0, 3], []), y: f32([0, 3], []), best: i32([0], []) };
    const report = await check({ ...doubled, golden }, { targets: ['reference', 'onnx', 'webgpu'] });
    expect(report.passed).toBe(true);
  });

  it('takes integers of any width, masks, and a batch of one without its axis', async () => {
    const inputs = `{ ids: 'i32[batch n]', mask: 'bool[batch n]', weight: 'float[batch n]' }`;
    const golden = {
      ids: { dtype: 'I64', shape: [3], values: [7, 8, 9] },
      mask: i32([3], [1, 0, 1]),
      weight: i32([3], [1, 2, 3]),
      picked: i32([3], [7, 0, 9]),
      scaled: f32([3], [2, 4, 6]),
    } as const;
    const report = await check({
      dims: 'batch: 1, n: c.upTo(8)',
      entries: `forward: c.entry({ inputs: ${inputs} }, ({ ids, mask, weight }) =>
        ({ picked: c.where(mask, ids, 0), scaled: c.mul(weight, 2) }))`,
      golden,
    });
    expect(report.passed).toBe(true);
    expect(report.targets[0]?.outputs).toHaveLength(2);
  });
});

describe('a golden of several runs', () => {
  const scaled = {
    dims: 'n: 2',
    entries: `forward: c.entry({ inputs: { x: 'float[n]', by: 'float[]' } }, ({ x, by }) =>
      ({ y: c.mul(x, by), same: c.neg(x) }))`,
  };

  it('has an axis more than the model declares; what has none is the same for all', async () => {
    const golden = {
      x: f32([2], [1, 2]),
      by: f32([3], [1, 2, 3]),
      y: f32([3, 2], [1, 2, 2, 4, 3, 6]),
      same: f32([2], [-1, -2]),
    };
    expect((await check({ ...scaled, golden })).passed).toBe(true);
    const wrong = { ...golden, y: f32([3, 2], [1, 2, 2, 4, 3, 7]) };
    const [output] = (await check({ ...scaled, golden: wrong })).targets[0]?.outputs ?? [];
    expect(output).toMatchObject({ passed: false, difference: { maxAbsolute: 1, at: 1 } });
  });

  it('may share an input of one run', async () => {
    const golden = { x: f32([3, 2], [1, 2, 3, 4, 5, 6]), by: f32([1], [2]), y: f32([3, 2], [2, 4, 6, 8, 10, 12]) };
    expect((await check({ ...scaled, golden })).passed).toBe(true);
  });

  it('must have as many of each', async () => {
    const golden = { x: f32([3, 2], [1, 2, 3, 4, 5, 6]), by: f32([2], [2, 3]), y: f32([3, 2], [2, 4, 6, 8, 10, 12]) };
    await expect(check({ ...scaled, golden })).rejects.toThrowError(/3 of "x" \(f32\[2\]\), 2 of "by" \(f32\[\]\)/);
  });
});

describe('what is compared', () => {
  it('is given by the entry that takes more of the golden', async () => {
    const entries = `plain: c.entry({ inputs: { x: 'float[n]' } }, ({ x }) => ({ y: x, z: c.neg(x) })),
      shifted: c.entry({ inputs: { x: 'float[n]', by: 'float[n]' } }, ({ x, by }) => ({ y: c.add(x, by) }))`;
    const golden = { x: f32([2], [1, 2]), by: f32([2], [10, 20]), y: f32([2], [11, 22]), z: f32([2], [-1, -2]) };
    const report = await check({ dims: 'n: 2', entries, golden });
    expect(report.passed).toBe(true);
    expect(report.targets[0]?.outputs.map(({ entry, output }) => `${entry}.${output}`)).toEqual([
      'plain.z',
      'shifted.y',
    ]);
  });

  it('are all outputs that the roles name; intermediates if the model has them', async () => {
    const golden = { ...rows, other: i32([1], [1]), inner: f32([1], [0]) };
    const roles = { inputs: ['x'], outputs: ['y', 'best'], intermediates: ['inner'] };
    expect((await check({ ...doubled, golden, roles })).targets[0]?.unused).toEqual(['other', 'inner']);
    const more = { ...roles, outputs: ['y', 'bests', 'other'] };
    const wrong = { ...doubled, golden: { ...golden, bests: i32([1], [1]) }, roles: more };
    expect(await problemOf(check(wrong))).toMatchInlineSnapshot(`
      "DIR.safetensors: no entry of model tiny that can run on its inputs gives these outputs of it:
        "bests" (is it "best"?)
        "other"
      Give them from an entry under these names; what takes several runs is made by an exported \`golden\` (GoldenScript)."
    `);
  });

  it('must be something', async () => {
    const golden = { z: f32([1], [1]) };
    expect(await problemOf(check({ ...doubled, golden }))).toMatchInlineSnapshot(`
      "DIR.safetensors: nothing can be compared with model tiny; it holds z.
        forward cannot run: the golden has no "x""
    `);
    await expect(check({ ...doubled, golden: { x: rows.x } })).rejects.toThrowError(/forward gives y, best/);
  });
});

describe('greedy', () => {
  // The likeliest token after i is table[i]'s argmax; masked columns count for nothing.
  const bigrams = {
    dims: 'batch: c.upTo(4), seq: c.upTo(8), vocab: 4',
    entries: `forward: c.entry({
      inputs: { input_ids: 'i32[batch seq]', mask: 'float[batch seq]' },
      params: { table: 'float[vocab vocab]' },
    }, ({ input_ids, mask }, p) => {
      const scale = c.reshape(mask, ['batch', 'seq', 1]);
      return { logits: c.mul(c.gather(p.table, -2, input_ids), scale) };
    })`,
    weights: { table: f32([4, 4], [0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0]) },
  };
  const golden = {
    input_ids: i32([2, 2], [0, 1, 2, 3]),
    mask: f32([2, 2], [1, 1, 0, 1]),
    logits: f32([2, 2, 4], [0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0]),
  };

  it('continues every row of a batch by its own likeliest token', async () => {
    const report = await check(
      { ...bigrams, golden: { ...golden, greedy: i32([2, 3], [2, 3, 0, 0, 1, 2]) } },
      { targets: ['reference', 'onnx'] },
    );
    expect(report.passed).toBe(true);
    expect(report.targets[1]?.outputs[1]).toEqual({ entry: 'forward', output: 'greedy', shape: [2, 3], passed: true });
  });

  it('decides', async () => {
    const report = await check({ ...bigrams, golden: { ...golden, greedy: i32([2, 3], [2, 3, 0, 0, 1, 1]) } });
    expect(report.passed).toBe(false);
    expect(report.targets[0]?.outputs[1]?.mismatch).toEqual({ count: 1, at: [1, 2], got: 2, wanted: 1 });
  });

  it('needs ids of any length', async () => {
    const fixed = { ...bigrams, dims: 'batch: 2, seq: 2, vocab: 4' };
    const held = { ...golden, greedy: i32([2, 1], [2, 0]) };
    await expect(check({ ...fixed, golden: held })).rejects.toThrowError(/their length is fixed/);
  });
});

describe('the export `golden` of a model file', () => {
  // y of a step is the sum of all x so far.
  const summing = {
    dims: 'n: c.upTo(8), past: c.capacity(8)',
    entries: `step: c.entry({ inputs: { x: 'float[n]' }, state: { sum: 'float[past]' } }, ({ x, sum }) => {
      sum.append(x);
      return { y: c.reduceSum(sum.value, -1) };
    })`,
    script: `async ({ run, reset }, { x }) => {
      const steps = [];
      for (let i = 0; i < x.shape[0]; i++) steps.push((await run('step', { x: c.sliceAlong(x, 0, i, i + 1) })).y);
      await reset();
      return { sums: c.stackTensors(steps) };
    }`,
  };
  const golden = { x: f32([3], [1, 2, 4]), y: f32([1], [7]), sums: f32([3], [1, 3, 7]) };

  it('makes outputs of several runs; entries make the others, with empty states', async () => {
    const roles = { inputs: ['x'], outputs: ['y', 'sums'] };
    const report = await check({ ...summing, golden, roles }, { targets: ['reference', 'onnx', 'webgpu'] });
    expect(report.passed).toBe(true);
    expect(report.targets[0]?.unused).toEqual([]);
    expect(report.targets[2]?.outputs.map(({ entry, output }) => [entry, output])).toEqual([
      [undefined, 'sums'],
      ['step', 'y'],
    ]);
  });

  it('is a function', async () => {
    await expect(check({ ...summing, golden, script: '3' })).rejects.toThrowError(/"golden" must be a function/);
  });
});
