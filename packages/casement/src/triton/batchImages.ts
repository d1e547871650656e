import { type Onnx, type OnnxTensor, tensorOf, valueInfoOf } from './onnxModel.ts';

/** The dim that counts images. */
export const IMAGES = 'images';

const INT64 = 7;

/** A value that differs from image to image has images on its first axis. This is what it was before. */
interface Place {
  /** Which of its axes was the batch of one; `none`: it had none, and has an axis more now. */
  readonly axis: number | 'none';
  /** Elements before that axis: only with one of them, a reshape leaves images apart. */
  readonly before: number;
}

const FIRST: Place = { axis: 0, before: 1 };
const ADDED: Place = { axis: 'none', before: 1 };

/** Ops by element or along the last axis, whose other operands are numbers or vectors along that. */
const BY_ELEMENT = new Set([
  ...[
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Equal',
    'Floor',
    'Cast',
    'Cos',
    'Sin',
    'Sigmoid',
    'Tanh',
    'Erf',
    'Gelu',
    'QuickGelu',
  ],
  ...['RMSNormalization', 'LayerNormalization', 'SimplifiedLayerNormalization', 'SkipSimplifiedLayerNormalization'],
]);

/** Rows times a matrix of weights. */
const PRODUCTS = new Set(['MatMul', 'FusedMatMul', 'MatMulNBits']);

/** Ops whose first axis is a batch. */
const BY_BATCH = new Set(['Attention', 'RotaryEmbedding']);

/**
 * The same model for several images of one size, on a new first axis of every input and output. The compiler writes an
 * image as a batch of one, so that only shapes have to be told apart: those that say 1 for the batch, and those that leave
 * it out. Undefined when a node might mix images.
 */
export function batchImages(model: Onnx.IModelProto): Onnx.IModelProto | undefined {
  const graph = model.graph ?? {};
  const widen = widening(graph.initializer ?? []);
  const { places } = widen;
  const input = (graph.input ?? []).map(tensorOf).map((tensor) => {
    const unit = tensor.shape.indexOf(1);
    const leading = tensor.shape.slice(0, Math.max(unit, 0));
    // One behind a size that varies is no batch, but what every row has.
    const axis = leading.every((dim) => typeof dim === 'number') ? unit : -1;
    const before = leading.reduce<number>((size, dim) => size * Number(dim), 1);
    places.set(tensor.name, axis < 0 ? ADDED : { axis, before });
    return valueInfoOf({ ...tensor, shape: [IMAGES, ...tensor.shape.filter((_, i) => i !== axis)] });
  });
  const node: Onnx.INodeProto[] = [];
  for (const given of graph.node ?? []) {
    const wide = widen.node(given);
    if (wide === undefined) return undefined;
    node.push(wide);
  }
  const outputs = (graph.output ?? []).map(tensorOf);
  if (!outputs.every(({ name, shape }) => isWhole(places.get(name), shape))) return undefined;
  const output = outputs.map((tensor) => {
    const isFirst = places.get(tensor.name)?.axis === 0;
    return valueInfoOf({ ...tensor, shape: [IMAGES, ...tensor.shape.slice(isFirst ? 1 : 0)] });
  });
  const used = new Set(node.flatMap((each) => each.input ?? []));
  const initializer = [...(graph.initializer ?? []), ...widen.initializers()].filter(({ name }) =>
    used.has(name ?? ''),
  );
  return { ...model, graph: { ...graph, input, output, node, initializer } };
}

function isWhole(place: Place | undefined, shape: OnnxTensor['shape']): boolean {
  return place?.axis === 'none' || (place?.axis === 0 && shape[0] === 1);
}

function widening(given: readonly Onnx.ITensorProto[]) {
  const places = new Map<string, Place>();
  const constants = new Map(given.map((tensor) => [tensor.name ?? '', tensor]));
  const added = new Map<string, Onnx.ITensorProto>();

  /** The name of a constant of integers. */
  const constant = (numbers: readonly number[]): string => {
    const name = `${IMAGES}.${numbers.join('.')}`;
    const rawData = new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer);
    added.set(name, { name, dataType: INT64, dims: [numbers.length], rawData });
    return name;
  };

  /** The integers of a constant. */
  const numbersOf = (name = ''): readonly number[] | undefined => {
    const { dataType, externalData, int64Data, rawData } = constants.get(name) ?? {};
    if (dataType !== INT64 || externalData?.length) return undefined;
    if (int64Data?.length) return int64Data.map(Number);
    return Array.from(new BigInt64Array(Uint8Array.from(rawData ?? []).buffer), Number);
  };

  /** The same shape of every image: [images …] where it said [1 …] or nothing; 0 copies the size at its place. */
  const reshape = (node: Onnx.INodeProto, place: Place): Onnx.INodeProto | undefined => {
    const sizes = numbersOf(node.input?.[1]);
    if (sizes === undefined || place.before !== 1 || node.attribute?.length) return undefined;
    if (sizes.includes(0) && (place.axis !== 0 || sizes[0] !== 1)) return undefined;
    const says = sizes[0] === 1;
    for (const name of node.output ?? []) places.set(name, says ? FIRST : ADDED);
    return { ...node, input: [node.input?.[0] ?? '', constant([0, ...sizes.slice(says ? 1 : 0)])] };
  };

  /** Parts along an axis: one behind the batch, or one before it, of which single rows are left. */
  const part = (node: Onnx.INodeProto, place: Place, axis: number): Onnx.INodeProto | undefined => {
    if (place.axis === 'none' || axis < 0 || axis === place.axis) return undefined;
    const isBefore = axis < place.axis;
    if (isBefore && !(place.axis === 1 && leavesOne(node, place.before))) return undefined;
    for (const name of node.output ?? []) places.set(name, isBefore ? { ...place, before: 1 } : place);
    if (!isBefore) return node;
    const [data = '', first = '', ends = ''] = node.input ?? [];
    if (node.opType === 'Slice') return { ...node, input: [data, first, ends, constant([axis + 1])] };
    const attribute = node.attribute?.map((attr) => (attr.name === 'axis' ? { ...attr, i: axis + 1 } : attr));
    return { ...node, attribute: attribute ?? [] };
  };

  const leavesOne = ({ opType, input }: Onnx.INodeProto, size: number): boolean => {
    const numbers = numbersOf(input?.[1]);
    if (opType === 'Split') return numbers?.every((count) => count === 1) ?? false;
    return Math.min(numbersOf(input?.[2])?.[0] ?? size, size) - (numbers?.[0] ?? 0) === 1;
  };

  /** A node for several images; undefined when it might mix them. */
  const widenNode = (node: Onnx.INodeProto): Onnx.INodeProto | undefined => {
    const names = (node.input ?? []).filter((name) => name !== '');
    const batched = names.flatMap((name) => places.get(name) ?? []);
    const [place] = batched;
    if (place === undefined) return node;
    if (batched.some(({ axis }) => axis !== place.axis)) return undefined;
    const fixed = names.filter((name) => !places.has(name));
    const attr = (name: string) => node.attribute?.find((one) => one.name === name)?.i;
    const axis = Number(attr('axis') ?? -1);
    const op = node.opType ?? '';
    const first = places.has(names[0] ?? '');
    if (op === 'Reshape') return first && batched.length === 1 ? reshape(node, place) : undefined;
    if (op === 'Split') return first ? part(node, place, axis) : undefined;
    if (op === 'Slice') {
      const axes = numbersOf(node.input?.[3]);
      return first && axes?.length === 1 && names.length === 4 ? part(node, place, axes[0] ?? -1) : undefined;
    }
    const isVector = (name: string) => (constants.get(name)?.dims?.length ?? 2) < 2;
    const keeps =
      (BY_ELEMENT.has(op) && axis === -1 && fixed.every(isVector)) ||
      (PRODUCTS.has(op) && first && batched.length === 1 && !Number(attr('transA') ?? 0)) ||
      (BY_BATCH.has(op) && place.axis === 0 && fixed.length === 0) ||
      (op === 'Concat' && fixed.length === 0 && place.axis === 0 && axis > 0);
    if (!keeps) return undefined;
    for (const name of node.output ?? []) places.set(name, place);
    return node;
  };

  return { places, node: widenNode, initializers: () => [...added.values()] };
}
