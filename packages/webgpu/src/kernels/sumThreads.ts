import type { FusedKernel, Threads } from '../wgsl/fusedKernel.ts';

/** How a class of devices runs it. */
export interface RowThreads extends Threads {
  /** How threads of a group add up their parts. */
  readonly sum: 'none' | 'subgroups' | 'memory';
  /** Whether four neighbouring threads share what they read of x: reading it costs a CPU more than passing it on. */
  readonly quads: boolean;
}

/**
 * Statements that add up the lanes of the vectors `sums`, and the parts of the threads that work together; afterwards
 * t_<name> is the sum, and only one thread goes on. Threads that share what they read (`quads`) have their own sums, but for
 * `squares`.
 */
export function sumThreads(
  kernel: FusedKernel,
  { sum, size }: RowThreads,
  quads: boolean,
  sums: readonly string[],
): string[] {
  const own = sums.map((name) => `(${name}.x + ${name}.y) + (${name}.z + ${name}.w)`);
  if (quads) {
    kernel.helper(`fn quadSum(own: f32) -> f32 {
  let pair = own + quadSwapX(own);
  return pair + quadSwapY(pair);
}`);
  }
  if (sum === 'none') {
    // Of x, a thread has squared every fourth vector only.
    const rest = (name: string, text: string) => (quads && name === 'squares' ? `quadSum(${text})` : text);
    return sums.map((name, n) => `let t_${name} = ${rest(name, own[n] ?? '')};`);
  }
  const parts = sum === 'subgroups' ? size / 4 : size;
  kernel.helper(`var<workgroup> sums: array<array<f32, ${sums.length}>, ${parts}>;`);
  const last = ['if (lane != 0u) {', '  return;', '}'];
  if (sum === 'subgroups') {
    return [
      ...sums.map((name, n) => `let g_${name} = subgroupAdd(${own[n]});`),
      'if (subgroupLane == 0u) {',
      ...sums.map((name, n) => `  sums[lane / subgroupSize][${n}] = g_${name};`),
      '}',
      'workgroupBarrier();',
      ...last,
      ...sums.map((name) => `var t_${name} = g_${name};`),
      `for (var other = 1u; other < (${size}u + subgroupSize - 1u) / subgroupSize; other++) {`,
      ...sums.map((name, n) => `  t_${name} += sums[other][${n}];`),
      '}',
    ];
  }
  return [
    ...sums.map((_, n) => `sums[lane][${n}] = ${own[n]};`),
    `for (var half = ${size / 2}u; half > 0u; half = half / 2u) {`,
    '  workgroupBarrier();',
    '  if (lane < half) {',
    ...sums.map((_, n) => `    sums[lane][${n}] += sums[lane + half][${n}];`),
    '  }',
    '}',
    ...last,
    ...sums.map((name, n) => `let t_${name} = sums[0][${n}];`),
  ];
}
