import { withMost } from './counted-dims.ts';
import { type Dim, type DimBindings, type DimBounds, evaluateDim, isSymbolic } from './dim.ts';
import { IrError } from './error.ts';
import type { Graph, Program } from './program.ts';
import { lengthDim } from './program.ts';
import { printType } from './types.ts';

/**
 * Values of all dims of a call: taken from the shapes of its inputs and the lengths of the states.
 * Dims that nodes count are not among them. Throws IrError when an input is missing, has another rank or size, or a dim leaves its bounds (a full cache).
 */
export function bindDims(
  program: Program,
  graph: Graph,
  inputShapes: ReadonlyMap<string, readonly number[]>,
  lengths: DimBindings,
): DimBindings {
  const bindings = new Map(lengths);
  const open: { dim: Dim; size: number; where: string }[] = [];
  for (const input of graph.inputs) {
    const shape = inputShapes.get(input.name);
    const wanted = `${graph.name}: input "${input.name}" must be ${printType(input.type)}`;
    if (shape === undefined) throw new IrError(`${wanted}; it was not given`);
    if (shape.length !== input.type.shape.length) throw new IrError(`${wanted}, got [${shape.join(' ')}]`);
    input.type.shape.forEach((dim, axis) => {
      open.push({ dim, size: shape[axis] ?? 0, where: `${wanted}, got [${shape.join(' ')}]` });
    });
  }
  // Plain names first: they give expressions such as h*w/4 their values.
  const isPlain = ({ dim }: { dim: Dim }) => isSymbolic(dim) && /^\w+$/.test(String(dim));
  for (const { dim, size } of open.filter(isPlain)) {
    if (!bindings.has(String(dim))) bindings.set(String(dim), size);
  }
  for (const [name, value] of bindings) checkBounds(graph.name, name, value, program.dims.get(name));
  for (const { dim, size, where } of open) {
    const wanted = evaluate(dim, bindings, where);
    if (wanted !== size) throw new IrError(typeof dim === 'number' ? where : `${where}: ${dim} is ${wanted}`);
  }
  checkCapacities(program, graph, bindings);
  return bindings;
}

function evaluate(dim: Dim, bindings: DimBindings, where: string): number {
  try {
    return evaluateDim(dim, bindings);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new IrError(`${where}: ${error.message}`);
  }
}

/** Lengths of the states after a call. */
export function lengthsAfter(program: Program, graph: Graph, bindings: DimBindings): DimBindings {
  const after = new Map<string, number>();
  for (const { state, end } of graph.states) {
    const decl = program.states.get(state);
    if (decl)
      after.set(lengthDim(decl), evaluate(end.type.shape[decl.axis] ?? 0, bindings, `${graph.name}: state "${state}"`));
  }
  return after;
}

function checkBounds(entry: string, name: string, value: number, bounds: DimBounds | undefined): void {
  if (bounds === undefined) throw new IrError(`${entry}: dim "${name}" is not declared by the program`);
  if (value < bounds.min || value > bounds.max) {
    throw new IrError(`${entry}: ${name} is ${value}, outside ${bounds.min} … ${bounds.max}`);
  }
  if (value % bounds.multipleOf !== 0) {
    throw new IrError(`${entry}: ${name} is ${value}, not a multiple of ${bounds.multipleOf}`);
  }
}

/** A run that counts more rows than fit would be found out too late, so there must be room for the most. */
function checkCapacities(program: Program, graph: Graph, bindings: DimBindings): void {
  for (const [name, length] of lengthsAfter(program, graph, withMost(graph, bindings))) {
    const capacity = program.dims.get(name)?.max ?? 0;
    if (length > capacity) {
      throw new IrError(
        `${graph.name}: the states counted by "${name}" hold ${capacity} positions, ${length} are needed; ` +
          'build with a larger capacity or reset them',
      );
    }
  }
}
