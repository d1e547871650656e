import { type DType, isFloat, ops } from '@casement/ir';
import { elementwise } from '../kernels/elementwise.ts';
import { inputOf, lowerOp, resultOf } from '../lowering.ts';

/** Between floats nothing is computed: each is read as it is stored. */
export const cast = lowerOp(ops.cast, (node, context) => {
  const [from, to] = [inputOf(node, 0), resultOf(node)];
  const { dtype } = from.type;
  const x = context.operand(from);
  const alike = dtype === node.attrs.to || (isFloat(dtype) && isFloat(node.attrs.to));
  if (alike) return context.alias(to, x);
  context.run(elementwise({ name: 'cast', text: conversion(dtype, node.attrs.to) }, [x], context.result(to)));
});

/** Floats are truncated; integers wrap around at 8 bits; non-zero is true. */
function conversion(from: DType, to: DType): string {
  const zero = isFloat(from) ? '0.0' : from === 'i32' ? '0' : '0u';
  if (to === 'bool') return `u32(a != ${zero})`;
  if (to === 'u8') return `u32(i32(a)) & 255u`;
  return isFloat(to) ? 'f32(a)' : 'i32(a)';
}
