import { type Dim, isSymbolic, isWhole, type SymbolicDim } from './dim.ts';
import type { IrError } from './error.ts';
import type { Attrs, AttrValue } from './op.ts';
import type { Program } from './program.ts';

/** Sizes are whole numbers, zero or more, for every value of the dims they are made of, and these are declared. */
export function verifyDims(program: Program, dims: readonly Dim[], fail: (problem: string) => IrError): void {
  for (const dim of dims) {
    if (typeof dim === 'number') {
      if (!Number.isSafeInteger(dim) || dim < 0) throw fail(`${dim} is no size; sizes are whole numbers, zero or more`);
      continue;
    }
    const unknown = dim.names.find((name) => !program.dims.has(name));
    if (unknown !== undefined) throw fail(`dim "${unknown}" is not declared`);
    if (!isWhole(dim, program.dims)) {
      throw fail(`size ${dim} is not a whole number for every value of its dims; declare a multipleOf`);
    }
  }
}

/** The symbolic sizes among attributes. Plain numbers there need not be sizes; `infer` checks those. */
export function symbolicDims(attrs: Attrs): readonly SymbolicDim[] {
  const collect = (value: AttrValue): readonly SymbolicDim[] => {
    if (isSymbolic(value)) return [value];
    return Array.isArray(value) ? value.flatMap(collect) : [];
  };
  return Object.values(attrs).flatMap(collect);
}
