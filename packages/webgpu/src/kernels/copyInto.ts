import { type Dim, divDims, mulDims } from '@casement/ir';
import { type Operand, splitAt } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { storageInfo } from '../storage.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';

/**
 * Writes dense x into y along an axis, from position `start` on: concat, and append to a state. One thread per word of
 * y; a word that packs two elements never holds elements of two positions (see `stateStorage`).
 */
export function copyInto(x: Operand, y: Operand, axis: number, start: Dim): KernelCall {
  const pairs = storageInfo(y.storage).packed;
  const kernel = new KernelBuilder('copyInto', `x becomes part of y, along axis ${axis} from ${start} on.`);
  const load = kernel.read('x', x);
  const { outer, size, inner } = splitAt(x.type.shape, axis);
  const words = pairs ? half(inner) : inner;
  const first = mulDims(start, words);
  const run = mulDims(size, words);
  const pitch = mulDims(y.layout[axis] ?? 1, words);
  const within = outer === 1 ? 'i' : `i / ${wgslSize(run)} * ${wgslSize(pitch)} + i % ${wgslSize(run)}`;
  const to = `let to = ${first === 0 ? '' : `${wgslSize(first)} + `}${within};`;
  const store = pairs
    ? kernel.writePairs('y', y)('to', `vec2f(${load('2u * i')}, ${load('2u * i + 1u')})`)
    : kernel.write('y', y)('to', load('i'));
  return kernel.perThread([outer, size, words], [to, store]);
}

function half(size: Dim): Dim {
  const result = divDims(size, 2);
  if (result === undefined) throw new RangeError(`positions of ${size} elements cannot be packed in pairs`);
  return result;
}
