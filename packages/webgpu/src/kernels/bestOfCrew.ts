import type { FusedKernel } from '../wgsl/fusedKernel.ts';
import type { Crew } from './choice.ts';

/** `value` and `token` become the best of what the threads of a crew have found, the lowest token of equals. */
export function bestOfCrew(kernel: FusedKernel, crew: Crew): string[] {
  if (crew === 1) return [];
  kernel.helper(`var<workgroup> values: array<f32, ${crew}>;\nvar<workgroup> winners: array<u32, ${crew}>;`);
  return [
    'values[lane] = value;',
    'winners[lane] = token;',
    `for (var half = ${crew / 2}u; half > 0u; half = half / 2u) {`,
    '  workgroupBarrier();',
    '  if (lane < half) {',
    '    let other = values[lane + half];',
    '    let isBetter = other > values[lane] || (other == values[lane] && winners[lane + half] < winners[lane]);',
    '    if (isBetter) {',
    '      values[lane] = other;',
    '      winners[lane] = winners[lane + half];',
    '    }',
    '  }',
    '}',
    'workgroupBarrier();',
    'value = values[0];',
    'token = winners[0];',
  ];
}
