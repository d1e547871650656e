import { type Operand, rowsOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import type { Width } from '../wgsl/access.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { exactGroups, lanesOf } from '../wgsl/lanes.ts';
import { wgslFloat } from '../wgsl/literal.ts';

export interface RmsNormSite {
  readonly x: Operand;
  readonly weight: Operand;
  readonly y: Operand;
  readonly eps: number;
}

/** y = x/√(mean x² + eps)·weight over the last axis, one thread per row. Width 4 needs rows of a multiple of 4. */
export function rmsNormRowPerThread({ x, weight, y, eps }: RmsNormSite, width: Width): KernelCall {
  const lanes = lanesOf(width);
  const kernel = new KernelBuilder('rmsNormRowPerThread', 'y = x / sqrt(mean(x²) + eps) · weight, one thread per row.');
  const load = kernel.read('x', x, width);
  const loadWeight = kernel.read('weight', weight, width);
  const store = kernel.write('y', y, width);
  const size = x.type.shape.at(-1) ?? 1;
  const steps = wgslSize(exactGroups(size, width));
  return kernel.perThread(
    [rowsOf(x)],
    [
      `let start = i * ${steps};`,
      `var squares = ${lanes.zero};`,
      `for (var j = 0u; j < ${steps}; j++) {`,
      `  let value = ${load('start + j')};`,
      '  squares += value * value;',
      '}',
      `let mean = (${lanes.total('squares')}) / f32(${wgslSize(size)});`,
      `let scale = 1.0 / sqrt(mean + ${wgslFloat(eps)});`,
      `for (var j = 0u; j < ${steps}; j++) {`,
      `  ${store('start + j', `${load('start + j')} * scale * ${loadWeight('j')}`)}`,
      '}',
    ],
  );
}
