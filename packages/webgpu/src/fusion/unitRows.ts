import type { Pairing } from './projection.ts';

/**
 * The rows that unit `unit` computes, as WGSL statements that define r0, r1, … (each has an end beyond which `inside0`,
 * `inside1`, … are false, if units do not come out even). Without pairs they are neighbours; pairs `half` apart come as
 * the first halves, then the second ones, so that neighbours stay neighbours.
 */
export function unitRows(
  count: number,
  first: number,
  perUnit: number,
  pairing: Pairing | undefined,
): { readonly units: number; readonly lines: readonly string[] } {
  const start = first > 0 ? ` + ${first}u` : '';
  if (!pairing) {
    const even = !unitGuards(count, perUnit, pairing);
    const lines = range(perUnit).flatMap((t) => {
      const row = perUnit === 1 ? 'unit' : `unit * ${perUnit}u + ${t}u`;
      if (even) return [`let r${t} = ${row}${start};`];
      return [`let inside${t} = ${row} < ${count}u;`, `let r${t} = min(${row}, ${count - 1}u)${start};`];
    });
    return { units: Math.ceil(count / perUnit), lines };
  }
  const [pairs, each] = [count / 2, perUnit / 2];
  const { half, layout } = pairing;
  const lines = range(each).flatMap((t) => {
    const number = each === 1 ? 'unit' : `unit * ${each}u + ${t}u`;
    const [a, b] = layout === 'half' ? [t, t + each] : [2 * t, 2 * t + 1];
    const even = !unitGuards(count, perUnit, pairing);
    return [
      ...(even ? [] : [`let inside${a} = ${number} < ${pairs}u;`, `let inside${b} = inside${a};`]),
      `let pair${t} = ${even ? number : `min(${number}, ${pairs - 1}u)`};`,
      ...(layout === 'half'
        ? [
            `let r${a} = pair${t} / ${half}u * ${2 * half}u + pair${t} % ${half}u${start};`,
            `let r${b} = r${a} + ${half}u;`,
          ]
        : [`let r${a} = 2u * pair${t}${start};`, `let r${b} = r${a} + 1u;`]),
    ];
  });
  return { units: Math.ceil(pairs / each), lines };
}

/** Whether some of the rows of the last unit lie beyond the end. */
export function unitGuards(count: number, perUnit: number, pairing: Pairing | undefined): boolean {
  return pairing ? (count / 2) % (perUnit / 2) !== 0 : count % perUnit !== 0;
}

/** Which of a unit's rows form pair t. */
export function pairOf(t: number, perUnit: number, { layout }: Pairing): readonly [number, number] {
  return layout === 'half' ? [t, t + perUnit / 2] : [2 * t, 2 * t + 1];
}

function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}
