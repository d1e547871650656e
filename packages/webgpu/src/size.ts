import type { Dim, DimFactor, SymbolicDim } from '@casement/ir';
import type { Size, SizeFactor, SizeSum, SizeTerm } from '@casement/runtime';

/** A size as `plan.json` writes it. */
export function planSize(dim: Dim): Size {
  return typeof dim === 'number' ? dim : planSum(dim);
}

function planSum({ terms, divisor }: SymbolicDim): SizeSum {
  const planFactor = (factor: DimFactor): SizeFactor =>
    typeof factor === 'string' ? factor : { floor: planSum(factor.floor) };
  return {
    sum: terms.map(({ coefficient, factors }): SizeTerm => [coefficient, ...factors.map(planFactor)]),
    over: divisor,
  };
}

/** A size as a WGSL expression of type u32 that can stand as an operand: `64u`, `(dims.n_past + dims.n_seq)`. */
export function wgslSize(dim: Dim): string {
  if (typeof dim === 'number') return `${dim}u`;
  const text = (sign: number) =>
    dim.terms
      .filter(({ coefficient }) => Math.sign(coefficient) === sign)
      .map(({ coefficient, factors }) => {
        // What is in a floor is never negative, so that division rounds it down.
        const names = factors.map((factor) => (typeof factor === 'string' ? dimField(factor) : wgslSize(factor.floor)));
        return (Math.abs(coefficient) === 1 && names.length > 0 ? names : [`${Math.abs(coefficient)}u`, ...names]).join(
          ' * ',
        );
      });
  // Sizes are never negative, so adding before subtracting keeps every step within u32.
  const sum = [text(1).join(' + '), ...text(-1)].join(' - ');
  if (dim.divisor !== 1) return `((${sum}) / ${dim.divisor}u)`;
  return dim.terms.length === 1 && !sum.includes('*') ? sum : `(${sum})`;
}

/** The member of the dims uniform. The prefix keeps names such as `filter` clear of WGSL's reserved words. */
export function dimField(name: string): string {
  return `dims.n_${name}`;
}

/** The declaration of the uniform that `dimField` reads. */
export function dimsStruct(names: readonly string[]): string {
  return ['struct Dims {', ...names.map((name) => `  n_${name}: u32,`), '}'].join('\n');
}
