import { type DType, type Origin, printPlace, type TensorType, type Value } from '@casement/ir';
import { encodeValues } from './bytes.ts';
import { type ElementType, MICROSOFT, MICROSOFT_OPSET, OPSET } from './enums.ts';
import { Names } from './names.ts';
import {
  type Attribute,
  attributeProto,
  encodeModel,
  inlineTensor,
  type Onnx,
  type OnnxType,
  valueInfo,
  type WeightPlace,
  weightTensor,
} from './proto.ts';

/** A tensor of the ONNX graph. Its dtype and shape need not be those of the IR value it stands for. */
export interface Tensor {
  readonly name: string;
  readonly type: OnnxType;
}

export interface Table {
  readonly type: TensorType;
  readonly values: () => ArrayLike<number>;
}

export interface NodeOptions {
  readonly attrs?: Readonly<Record<string, Attribute>>;
  readonly domain?: typeof MICROSOFT;
}

/** Collects one ONNX graph, node by node; knows nothing of the ops' meaning. */
export class GraphWriter {
  /** What the next nodes are said to come from, and a remark on them; both go into the node's doc string. */
  origin: Origin = { scope: '' };
  remark = '';
  readonly names = new Names();
  private readonly inputs: Tensor[] = [];
  private readonly outputs: Tensor[] = [];
  private readonly nodes: Onnx.INodeProto[] = [];
  private readonly initializers = new Map<string, { tensor: Tensor; proto: Onnx.ITensorProto }>();
  private readonly results: Tensor[] = [];

  constructor(
    private readonly name: string,
    private readonly weights: (param: string) => WeightPlace,
  ) {}

  /** Adds an input, whose name is reserved already. */
  input(tensor: Tensor): void {
    this.inputs.push(tensor);
  }

  /** Makes a tensor an output called `name`, a name that is reserved already. */
  output(name: string, tensor: Tensor): void {
    const isResult = this.results.some((result) => result === tensor);
    if (isResult && tensor.name === name) this.outputs.push(tensor);
    else {
      const named = { name, type: tensor.type };
      this.node('Identity', [tensor], [named]);
      this.outputs.push(named);
    }
  }

  /** A tensor that a node is about to make; its name is `wanted` or like it. */
  fresh(wanted: string, type: OnnxType): Tensor {
    return { name: this.names.unique(wanted), type };
  }

  /** Adds a node with one result and returns it. */
  op(opType: string, inputs: readonly (Tensor | undefined)[], result: Tensor, options: NodeOptions = {}): Tensor {
    this.node(opType, inputs, [result], options);
    return result;
  }

  /** Adds a node. An absent optional input is undefined; an unnamed result has the name ''. */
  node(
    opType: string,
    inputs: readonly (Tensor | undefined)[],
    results: readonly Tensor[],
    { attrs = {}, domain }: NodeOptions = {},
  ): void {
    const { scope, place } = this.origin;
    // The file's own name only, so that a model is the same wherever it was built.
    const own = place ? printPlace({ ...place, file: basename(place.file) }) : '';
    const where = [scope, own, this.remark].filter((part) => part !== '');
    const name = results[0]?.name ?? opType;
    this.nodes.push({
      opType,
      domain: domain ?? '',
      name: scope === '' ? name : `${scope}/${name}`,
      docString: where.join('\n'),
      input: inputs.map((input) => input?.name ?? ''),
      output: results.map((result) => result.name),
      attribute: Object.entries(attrs).map(([key, value]) => attributeProto(key, value)),
    });
    this.results.push(...results);
  }

  /** A small tensor of given values; equal ones are stored once. */
  constant(dtype: DType, shape: readonly number[], values: readonly number[], wanted = 'constant'): Tensor {
    const key = `${dtype}[${shape.join(' ')}] ${values.map((value) => (Object.is(value, -0) ? '-0' : value)).join(' ')}`;
    return this.initializer(key, wanted, { dtype, shape }, (name) =>
      inlineTensor(name, dtype, shape, encodeValues(dtype, values)),
    );
  }

  /** A larger table, known by a key; its values are computed at its first use. */
  table(key: string, wanted: string, { type, values }: Table): Tensor {
    const shape = type.shape.map(Number); // tables have fixed sizes
    return this.initializer(`table ${type.dtype} ${key}`, wanted, type, (name) =>
      inlineTensor(name, type.dtype, shape, encodeValues(type.dtype, values())),
    );
  }

  /** The initializer that holds a param. */
  param(param: Value): Tensor {
    const shape = param.type.shape.map(Number); // params have fixed sizes, says the verifier
    return this.initializer(`param ${param.name}`, param.name, param.type, (name) =>
      weightTensor(name, param.type.dtype, shape, this.weights(param.name)),
    );
  }

  /** The initializer that holds a param's bytes as elements of another type. */
  paramAs(param: Value, dtype: ElementType, shape: readonly number[]): Tensor {
    return this.initializer(`param ${param.name} as ${dtype}[${shape}]`, param.name, { dtype, shape }, (name) =>
      weightTensor(name, dtype, shape, this.weights(param.name)),
    );
  }

  /** Whether there is no output to compute. */
  get isEmpty(): boolean {
    return this.outputs.length === 0;
  }

  /** The ModelProto's bytes. */
  finish(): Uint8Array {
    const given = new Set(this.outputs.map(({ name }) => name));
    const graph: Onnx.IGraphProto = {
      name: this.name,
      input: this.inputs.map(({ name, type }) => valueInfo(name, type)),
      output: this.outputs.map(({ name, type }) => valueInfo(name, type)),
      node: this.nodes,
      initializer: [...this.initializers.values()].map(({ proto }) => proto),
      valueInfo: this.results.filter(({ name }) => !given.has(name)).map(({ name, type }) => valueInfo(name, type)),
    };
    const microsoft = this.nodes.some(({ domain }) => domain === MICROSOFT);
    return encodeModel(graph, [
      { domain: '', version: OPSET },
      ...(microsoft ? [{ domain: MICROSOFT, version: MICROSOFT_OPSET }] : []),
    ]);
  }

  private initializer(key: string, wanted: string, type: OnnxType, make: (name: string) => Onnx.ITensorProto): Tensor {
    const known = this.initializers.get(key);
    if (known) return known.tensor;
    const tensor = { name: this.names.unique(wanted), type };
    this.initializers.set(key, { tensor, proto: make(tensor.name) });
    return tensor;
  }
}

function basename(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
