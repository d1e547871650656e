import { rowsOf } from '../operand.ts';
import { wgslSize } from '../size.ts';
import type { Width } from '../wgsl/access.ts';
import { groupReduce, ROW_THREADS, rowTiling } from '../wgsl/groupReduce.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';
import { exactGroups, lanesOf } from '../wgsl/lanes.ts';
import { wgslFloat } from '../wgsl/literal.ts';
import type { LayerNormSite } from './layerNormRowPerThread.ts';
import type { RmsNormSite } from './rmsNormRowPerThread.ts';

/** y = x/√(mean x² + eps)·weight over the last axis, one workgroup per row. Width 4 needs rows of a multiple of 4. */
export function rmsNormRowPerGroup({ x, weight, y, eps }: RmsNormSite, width: Width): KernelCall {
  const lanes = lanesOf(width);
  const kernel = new KernelBuilder(
    'rmsNormRowPerGroup',
    'y = x / sqrt(mean(x²) + eps) · weight, one workgroup per row.',
  );
  const [load, loadWeight] = [kernel.read('x', x, width), kernel.read('weight', weight, width)];
  const store = kernel.write('y', y, width);
  kernel.helper(groupReduce('Sum'));
  const size = x.type.shape.at(-1) ?? 1;
  const steps = wgslSize(exactGroups(size, width));
  const walk = `for (var j = lane; j < ${steps}; j += ${ROW_THREADS}u) {`;
  return kernel.perTile(rowTiling(rowsOf(x)), [
    `let start = tile * ${steps};`,
    `var squares = ${lanes.zero};`,
    walk,
    `  let value = ${load('start + j')};`,
    '  squares += value * value;',
    '}',
    `let mean = groupSum(${lanes.total('squares')}, lane) / f32(${wgslSize(size)});`,
    `let scale = 1.0 / sqrt(mean + ${wgslFloat(eps)});`,
    walk,
    `  ${store('start + j', `${load('start + j')} * scale * ${loadWeight('j')}`)}`,
    '}',
  ]);
}

/** y = (x − mean)/√(variance + eps)[·weight + bias] over the last axis, one workgroup per row. */
export function layerNormRowPerGroup({ x, affine, y, eps }: LayerNormSite, width: Width): KernelCall {
  const lanes = lanesOf(width);
  const kernel = new KernelBuilder(
    'layerNormRowPerGroup',
    `y = (x - mean) / sqrt(variance + eps)${affine ? ' · weight + bias' : ''}, one workgroup per row.`,
  );
  const load = kernel.read('x', x, width);
  const loadWeight = affine && kernel.read('weight', affine.weight, width);
  const loadBias = affine && kernel.read('bias', affine.bias, width);
  const store = kernel.write('y', y, width);
  kernel.helper(groupReduce('Sum'));
  const size = x.type.shape.at(-1) ?? 1;
  const steps = wgslSize(exactGroups(size, width));
  const walk = `for (var j = lane; j < ${steps}; j += ${ROW_THREADS}u) {`;
  const unit = `(${load('start + j')} - mean) * scale`;
  return kernel.perTile(rowTiling(rowsOf(x)), [
    `let start = tile * ${steps};`,
    `var values = ${lanes.zero};`,
    walk,
    `  values += ${load('start + j')};`,
    '}',
    `let mean = groupSum(${lanes.total('values')}, lane) / f32(${wgslSize(size)});`,
    `var squares = ${lanes.zero};`,
    walk,
    `  let centred = ${load('start + j')} - mean;`,
    '  squares += centred * centred;',
    '}',
    `let variance = groupSum(${lanes.total('squares')}, lane) / f32(${wgslSize(size)});`,
    `let scale = 1.0 / sqrt(variance + ${wgslFloat(eps)});`,
    walk,
    `  ${store('start + j', loadWeight && loadBias ? `${unit} * ${loadWeight('j')} + ${loadBias('j')}` : unit)}`,
    '}',
  ]);
}
