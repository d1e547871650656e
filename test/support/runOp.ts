import { type Attrs, evaluateNode, type HostTensor, makeNode, type Op, type Value } from '@casement/ir';

/** The first result of an op on concrete tensors. */
export function runOp<A extends Attrs>(op: Op<A>, inputs: readonly HostTensor[], attrs: A): HostTensor {
  const values = inputs.map(({ dtype, shape }, i): Value => ({ kind: 'input', name: `x${i}`, type: { dtype, shape } }));
  const [result] = evaluateNode(
    makeNode(op, values, attrs, { scope: '' }, () => 'y'),
    inputs,
    new Map(),
  );
  if (result === undefined) throw new Error(`${op.name} has no result`);
  return result;
}
