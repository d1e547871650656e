import type { QuantizedAttrs, QuantizedWeight } from '@casement/ir';
import type { Operand } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { KernelBuilder, type KernelCall } from '../wgsl/kernelBuilder.ts';

/** y = (packed − zero)·scale, one thread per element of y, which reads its byte wherever that is stored. */
export function dequantizeElementPerThread(
  { packed, scales, zeros }: QuantizedWeight<Operand>,
  { bits, block, columns }: QuantizedAttrs,
  y: Operand,
): KernelCall {
  const kernel = new KernelBuilder(
    'dequantizeElementPerThread',
    `y = (packed - zero) * scale of ${bits}-bit weights in blocks of ${block}, one thread per element of y.`,
  );
  const loadPacked = kernel.read('packed', packed);
  const loadScale = kernel.read('scales', scales);
  const loadZero = zeros && kernel.read('zeros', zeros);
  const store = kernel.write('y', y);
  const blocks = Math.ceil(columns / block);
  const number = (load: (index: string) => string, rowNumbers: number, index: string) =>
    bits === 8
      ? load(`row * ${rowNumbers}u + ${index}`)
      : `(${load(`row * ${Math.ceil(rowNumbers / 2)}u + ${index} / 2u`)} >> (4u * (${index} % 2u))) & 15u`;
  return kernel.perThread(y.type.shape, [
    `let row = i / ${wgslSize(columns)};`,
    `let column = i % ${wgslSize(columns)};`,
    `let block = column / ${block}u;`,
    `let number = ${number(loadPacked, blocks * block, 'column')};`,
    `let zero = ${loadZero ? number(loadZero, blocks, 'block') : `${2 ** (bits - 1)}u`};`,
    store('i', `(f32(number) - f32(zero)) * ${loadScale(`row * ${blocks}u + block`)}`),
  ]);
}
