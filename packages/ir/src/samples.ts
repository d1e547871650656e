import { makeNode } from './builder.ts';
import { countedDims } from './counted-dims.ts';
import { type FloatDType, isFloat } from './dtype.ts';
import type { Attrs, Draw, Op, Sample, SampleInput } from './op.ts';
import type { Graph, Origin, Program } from './program.ts';
import { normal, seededRandom, seedOf } from './random.ts';
import { type HostTensor, makeTensor, tensorOf } from './tensor.ts';
import { parseTypeText } from './text/parts.ts';
import type { TensorType } from './types.ts';
import type { Value } from './value.ts';

export interface SampleProgram {
  /** One entry, `main`, of one node; its inputs are `x0`, `x1`, … and its outputs `y0`, … */
  readonly program: Program;
  readonly graph: Graph;
  /** By name of the input. The same in every run. */
  readonly inputs: ReadonlyMap<string, HostTensor>;
}

/**
 * A sample of an op as a program that any executor can run. With `dtype`, every f32 of the sample (inputs and the
 * dtype attribute of a constant; not the aim of a cast) becomes that dtype and drawn values are rounded to it.
 */
export function sampleProgram<A extends Attrs>(
  op: Op<A>,
  sample: Sample<A>,
  options: { readonly dtype?: FloatDType } = {},
): SampleProgram {
  const title = `${op.name} ${sample.name}`;
  const float = options.dtype ?? 'f32';
  const random = seededRandom(seedOf(title));
  const values: Value[] = [];
  const inputs = new Map<string, HostTensor>();
  sample.inputs.forEach((input, i) => {
    const declared = parseTypeText(input.type);
    const type: TensorType = declared.dtype === 'f32' ? { ...declared, dtype: float } : declared;
    const name = `x${i}`;
    values.push({ kind: 'input', name, type });
    inputs.set(name, sampleTensor(type, input, random));
  });
  const attrs = sample.attrs.dtype === 'f32' ? { ...sample.attrs, dtype: float } : sample.attrs;
  const origin: Origin = { scope: title };
  const node = makeNode(op, values, attrs, origin, (i) => `y${i}`);
  const outputs = node.outputs.map((value) => ({ name: value.name, value }));
  const graph: Graph = { name: 'main', inputs: values, states: [], nodes: [node], outputs };
  const program: Program = {
    name: title,
    dims: new Map([...countedDims(graph)].map(([dim, most]) => [dim, { min: 0, max: Number(most), multipleOf: 1 }])),
    params: new Map(),
    states: new Map(),
    entries: new Map([[graph.name, graph]]),
  };
  return { program, graph, inputs };
}

/** A tensor of drawn values. Throws RangeError when integers or bools are to be drawn without a bound. */
export function drawTensor(
  dtype: HostTensor['dtype'],
  shape: readonly number[],
  draw: Draw,
  random: () => number,
): HostTensor {
  if (!isFloat(dtype) && (typeof draw === 'string' || 'within' in draw) && !shape.includes(0)) {
    throw new RangeError(`drawing ${dtype}[${shape.join(' ')}] needs { below }, got ${JSON.stringify(draw)}`);
  }
  return makeTensor(dtype, shape, () => drawNumber(draw, random));
}

function sampleTensor(type: TensorType, { values, draw }: SampleInput, random: () => number): HostTensor {
  const shape = type.shape.map((dim) => {
    if (typeof dim !== 'number') throw new RangeError(`a sample has fixed sizes, got "${dim}"`);
    return dim;
  });
  return values ? tensorOf(type.dtype, shape, values) : drawTensor(type.dtype, shape, draw ?? 'normal', random);
}

function drawNumber(draw: Draw, random: () => number): number {
  if (draw === 'normal') return normal(random);
  if (draw === 'unit') return 2 * random() - 1;
  if (draw === 'positive') return 0.1 + 2 * random();
  return 'within' in draw ? draw.within * (2 * random() - 1) : Math.floor(random() * draw.below);
}
