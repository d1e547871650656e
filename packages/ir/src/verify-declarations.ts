import { isSymbolic } from './dim.ts';
import { IrError } from './error.ts';
import { lengthDim, type Program } from './program.ts';
import { NAME } from './text/parts.ts';
import { printType } from './types.ts';
import { verifyDims } from './verify-dims.ts';

const DIM_NAME = /^[A-Za-z_]\w*$/;
const PRINTABLE = new RegExp(`^${NAME.source}$`);

/** Dims have possible bounds, params fixed sizes, and every state a dim to grow along. */
export function verifyDeclarations(program: Program): void {
  for (const [name, { min, max, multipleOf }] of program.dims) {
    const whole = [min, max, multipleOf].every((bound) => Number.isSafeInteger(bound) && bound >= 0);
    if (!DIM_NAME.test(name)) throw new IrError(`dim "${name}" needs a name of letters, digits and _`);
    if (!whole || max < min || multipleOf < 1) {
      throw new IrError(`dim "${name}" has impossible bounds: ${min} .. ${max} step ${multipleOf}`);
    }
  }
  for (const [name, value] of program.params) {
    const fail = (problem: string) => new IrError(`param "${name}": ${problem}`);
    if (value.kind !== 'param' || value.name !== name) throw fail(`holds ${value.kind} "${value.name}"`);
    requirePrintable(name, fail);
    if (value.type.shape.some((dim) => typeof dim !== 'number')) {
      throw fail(`must have fixed sizes, got ${printType(value.type)}`);
    }
    verifyDims(program, value.type.shape, fail);
  }
  for (const [name, state] of program.states) {
    const fail = (problem: string) => new IrError(`state "${name}": ${problem}`);
    if (state.name !== name) throw fail(`holds "${state.name}"`);
    requirePrintable(name, fail);
    const length = state.type.shape[state.axis];
    if (!isSymbolic(length) || !program.dims.has(lengthDim(state))) {
      throw fail(`must grow along a declared dim, got ${printType(state.type)} with axis ${state.axis}`);
    }
    verifyDims(program, state.type.shape, fail);
  }
}

/** Names that `parseProgram` reads back. */
export function requirePrintable(name: string, fail: (problem: string) => IrError): void {
  if (!PRINTABLE.test(name)) throw fail(`the name "${name}" has characters other than letters, digits and _ . - / :`);
}
