import { type DimBindings, dtypeBytes, evaluateDim, type Program, productDims } from '@casement/ir';
import { lowerToOnnx, printOnnx } from '@casement/onnx';
import { type DeviceProfile, lowerToWebGpu, portableProfile } from '@casement/webgpu';
import type { Run } from '../../examples/zoo/shared/sheet.ts';
import { compileFor, type Profile } from '../../packages/casement/src/artifact/compile.ts';
import { costAt, type ProgramCosts, programCosts } from '../../packages/casement/src/inspect/entryCosts.ts';

/** A run and what it costs. */
export interface MeasuredRun extends Run {
  readonly flops: number;
  readonly bytesRead: number;
  /** What the caches hold more after it. */
  readonly cached: number;
}

export interface EntrySizes {
  readonly nodes: number;
  /** Absent for an entry without a model of its own. */
  readonly ort: number | undefined;
  readonly onnx: number | undefined;
  readonly dispatches: number;
}

export interface Measurement {
  readonly parameters: number;
  readonly runs: readonly MeasuredRun[];
  readonly entries: ReadonlyMap<string, EntrySizes>;
}

/** The kernels of every device, on one that binds what these sizes need at the largest lengths that the models allow. */
const profile: DeviceProfile = {
  ...portableProfile,
  limits: { ...portableProfile.limits, maxStorageBufferBindingSize: 2 ** 32, maxBufferSize: 2 ** 32 },
};

/** Counts; nothing is run or loaded. Throws Error for a run whose dims do not suffice. */
export function measure(program: Program, runs: readonly Run[]): Measurement {
  const costs = programCosts(program);
  const params = [...program.params.values()].map(({ type }) => evaluateDim(productDims(type.shape), new Map()));
  return {
    parameters: params.reduce((sum, elements) => sum + elements, 0),
    runs: runs.map((run) => ({ ...run, ...costOf(costs, run) })),
    entries: sizesOf(program),
  };
}

function costOf(costs: ProgramCosts, { entry, dims }: Run) {
  const cost = costs.entries.get(entry);
  if (cost === undefined) throw new Error(`no entry "${entry}"; there are ${[...costs.entries.keys()].join(', ')}`);
  const before: DimBindings = new Map(Object.entries(dims));
  const after = new Map(before);
  for (const [name, length] of cost.lengthsAfter) after.set(name, evaluateDim(length, before));
  const held = (lengths: DimBindings) => {
    const all = new Map([...statesAt0(costs), ...lengths]);
    return evaluateDim(costs.cacheBytes, all);
  };
  return { ...costAt(cost, before), cached: held(after) - held(before) };
}

/** Every length 0: caches that a run does not touch hold nothing. */
function statesAt0(costs: ProgramCosts): [string, number][] {
  const { cacheBytes } = costs;
  return typeof cacheBytes === 'number' ? [] : cacheBytes.names.map((name) => [name, 0]);
}

function sizesOf(program: Program): Map<string, EntrySizes> {
  const [ort, onnx] = [onnxNodes(program, 'ort'), onnxNodes(program, 'onnx')];
  const { report } = lowerToWebGpu(compileFor('webgpu', program), { weights: places(program), profile });
  return new Map(
    [...program.entries].map(([name, { nodes }]) => {
      const dispatches = report.entries[name]?.dispatches ?? 0;
      return [name, { nodes: nodes.length, ort: ort.get(name), onnx: onnx.get(name), dispatches }];
    }),
  );
}

function onnxNodes(program: Program, profile: Profile): Map<string, number> {
  const weights = places(program);
  const { files, target } = lowerToOnnx(compileFor('onnx', program, profile), {
    profile,
    weights: (param) => {
      const place = weights.get(param);
      if (place === undefined) throw new Error(`no param ${param}`);
      return place;
    },
  });
  return new Map(
    Object.entries(target.entries).map(([name, { file }]) => {
      // A node's line ends in `= Op(operands)`; other lines have no parentheses after a `=`.
      return [name, [...printOnnx(files.get(file) ?? new Uint8Array()).matchAll(/^.* = [\w.:]+\(.*$/gm)].length];
    }),
  );
}

/** Places for weights that nobody reads: one after the other in a file. */
function places(program: Program) {
  let byteOffset = 0;
  return new Map(
    [...program.params].map(([name, { type }]) => {
      const byteLength = evaluateDim(productDims(type.shape), new Map()) * dtypeBytes(type.dtype);
      const place = { file: 'model.safetensors', byteOffset, byteLength, dtype: type.dtype };
      byteOffset += Math.ceil(byteLength / 256) * 256;
      return [name, place];
    }),
  );
}
