import {
  type CompositeOpName,
  type CoreOpName,
  type Dim,
  dimAt,
  divDims,
  inputAt,
  mulDims,
  type Node,
  productDims,
  quantizedOperands,
  subDims,
  sumDims,
  visibilityOperands,
} from '@casement/ir';

/** What a node costs, as a size in the program's dims. */
export interface OpCost {
  /** Floating-point operations. `segmentPairs` counts the pairs of an attention whose segments hide some. */
  readonly flops: (node: Node, segmentPairs: (node: Node) => Dim) => Dim;
  /**
   * What it reads of each operand that lies in memory (a weight or a cache): all of it, as much as its result holds, a
   * row for each index (its first operand), or nothing, because the result is the operand in another guise.
   */
  readonly reads: 'all' | 'picked' | 'rows' | 'nothing';
}

const moving: OpCost = { flops: () => 0, reads: 'all' };
const picking: OpCost = { flops: () => 0, reads: 'picked' };
const renaming: OpCost = { flops: () => 0, reads: 'nothing' };

/** So many operations for each element of the result. */
function perElement(count: number): OpCost {
  return { flops: (node) => mulDims(elements(node), count), reads: 'all' };
}

/** One operation for each element that is reduced. */
const reducing: OpCost = { flops: (node) => productDims(inputAt(node.inputs, 0).type.shape), reads: 'all' };

/** m·n results of k products and sums each. */
const matmul: OpCost = {
  flops: (node) => {
    const { shape } = inputAt(node.inputs, 0).type;
    return productDims([2, elements(node), dimAt(shape, shape.length - 1)]);
  },
  reads: 'all',
};

/** Like a linear layer; making weights of numbers is not counted, since it saves time wherever reading takes longer. */
const quantizedLinear: OpCost = {
  flops: (node, pairs) =>
    sumDims([matmul.flops(node, pairs), quantizedOperands(node.inputs, 1).bias ? elements(node) : 0]),
  reads: 'all',
};

const linear: OpCost = {
  flops: (node, pairs) => sumDims([matmul.flops(node, pairs), node.inputs.length > 2 ? elements(node) : 0]),
  reads: 'all',
};

/** A product and a sum for each element of the result and each weight that it meets. */
const conv2d: OpCost = {
  flops: (node) => productDims([2, elements(node), ...inputAt(node.inputs, 1).type.shape.slice(1)]),
  reads: 'all',
};

/** One operation for each element of each window. */
const pooling: OpCost = {
  flops: (node) => productDims([elements(node), ...(node.attrs.size as readonly number[])]), // as the ops declare it
  reads: 'all',
};

/** Its two products, over the pairs of a query and a key that it sees. */
const attention: OpCost = {
  flops: (node, segmentPairs) => {
    const [q, k, v] = [inputAt(node.inputs, 0).type.shape, inputAt(node.inputs, 1).type.shape, inputAt(node.inputs, 2)];
    const [batch, queries, heads, keySize] = [dimAt(q, 0), dimAt(q, 1), dimAt(q, 2), dimAt(q, 3)];
    const keys = dimAt(k, 1);
    const width = sumDims([keySize, dimAt(v.type.shape, 3)]);
    // Query i of q sees the keys before the chunk and i + 1 of the chunk.
    const later = divDims(mulDims(queries, subDims(queries, 1)), 2) ?? 0;
    const seen = subDims(mulDims(queries, keys), node.attrs.causal ? later : 0);
    return productDims([
      2,
      heads,
      width,
      visibilityOperands(node.inputs, 3).segments ? segmentPairs(node) : mulDims(batch, seen),
    ]);
  },
  reads: 'all',
};

/**
 * What each op costs. A multiplication and the addition after it are two operations, any other function of an element is
 * one, moving data is none. Composite ops that are not listed cost what they expand to.
 */
export const costs = {
  abs: perElement(1),
  add: perElement(1),
  and: perElement(1),
  append: renaming,
  argMax: reducing,
  argSort: reducing,
  broadcastTo: moving,
  cast: moving,
  concat: moving,
  constant: renaming,
  conv2d,
  cos: perElement(1),
  cumSum: perElement(1),
  dequantize: perElement(2),
  div: perElement(1),
  equal: perElement(1),
  erf: perElement(1),
  exp: perElement(1),
  floor: perElement(1),
  gather: picking,
  gatherAlong: picking,
  iota: renaming,
  less: perElement(1),
  lessOrEqual: perElement(1),
  log: perElement(1),
  matmul,
  max: perElement(1),
  maxPool2d: pooling,
  meanPool2d: pooling,
  min: perElement(1),
  mul: perElement(1),
  neg: perElement(1),
  nonZero: moving,
  not: perElement(1),
  or: perElement(1),
  pow: perElement(1),
  reduceMax: reducing,
  reduceMean: reducing,
  reduceSum: reducing,
  reset: renaming,
  reshape: renaming,
  rsqrt: perElement(1),
  sigmoid: perElement(1),
  sin: perElement(1),
  slice: picking,
  sqrt: perElement(1),
  sub: perElement(1),
  tanh: perElement(1),
  transpose: moving,
  where: perElement(1),

  attention,
  linear,
  quantizedGather: { flops: () => 0, reads: 'rows' },
  quantizedLinear,
  rmsNorm: perElement(4),
  rope: perElement(3),
  silu: perElement(2),
  softmax: perElement(5),
  swiglu: perElement(3),
} as const satisfies Record<CoreOpName, OpCost> & Partial<Record<CompositeOpName, OpCost>>;

function elements(node: Node): Dim {
  return productDims(inputAt(node.outputs, 0).type.shape);
}
