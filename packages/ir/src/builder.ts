import { IrError } from './error.ts';
import type { Attrs, Emit, Op } from './op.ts';
import type { Graph, Node, Origin, Output, StateDecl, StateUse } from './program.ts';
import { printType, type TensorType } from './types.ts';
import type { Value } from './value.ts';

/**
 * Builds one graph, node by node. `origin` is what the next nodes are said to come from; names are made from the op
 * and a counter, so that they read well in every target (`linear_12`).
 */
export class GraphBuilder {
  origin: Origin = { scope: '' };
  private readonly inputs = new Map<string, Value>();
  private readonly outputs: Output[] = [];
  private readonly states = new Map<string, { start: Value; latest: Value }>();
  private readonly nodes: Node[] = [];

  constructor(readonly name: string) {}

  input(name: string, type: TensorType): Value {
    if (this.inputs.has(name)) throw new IrError(`entry ${this.name} has two inputs "${name}"`, this.origin);
    const value: Value = { kind: 'input', name, type };
    this.inputs.set(name, value);
    return value;
  }

  /** The newest version of a state in this entry. */
  state(decl: StateDecl): Value {
    const known = this.states.get(decl.name);
    if (known) return known.latest;
    const start: Value = { kind: 'state', name: decl.name, type: decl.type, state: decl.name };
    this.states.set(decl.name, { start, latest: start });
    return start;
  }

  output(name: string, value: Value): void {
    if (this.outputs.some((output) => output.name === name)) {
      throw new IrError(`entry ${this.name} has two outputs "${name}"`, this.origin);
    }
    this.outputs.push({ name, value });
  }

  /** Adds a node and returns its first result. Throws IrError when the op does not take these operands. */
  readonly emit: Emit = (op, inputs, attrs) => {
    const node = makeNode(op, inputs, attrs, this.origin, (i) => `${op.name}_${this.nodes.length}${i ? `_${i}` : ''}`);
    this.nodes.push(node);
    const [first] = node.outputs;
    if (first === undefined) throw new IrError(`${op.name} has no result`, this.origin);
    const state = first.state === undefined ? undefined : this.states.get(first.state);
    if (state) state.latest = first;
    return first;
  };

  finish(): Graph {
    const states: StateUse[] = [...this.states].map(([state, { start, latest }]) => ({ state, start, end: latest }));
    return { name: this.name, inputs: [...this.inputs.values()], states, nodes: this.nodes, outputs: this.outputs };
  }
}

/** A node with inferred result types. Throws IrError when the op does not take these operands. */
export function makeNode<A extends Attrs>(
  op: Op<A>,
  inputs: readonly Value[],
  attrs: A,
  origin: Origin,
  nameOf: (result: number) => string,
): Node {
  const types = inferTypes(op, inputs, attrs, origin);
  const state = op.updatesState ? inputs[0]?.state : undefined;
  const outputs = types.map((type, i): Value => {
    return { kind: 'result', name: nameOf(i), type, ...(state === undefined ? {} : { state }) };
  });
  return { op, inputs, outputs, attrs, origin };
}

/** Types of an op's results. Throws IrError with the operands and the place when the op does not take them. */
export function inferTypes<A extends Attrs>(
  op: Op<A>,
  inputs: readonly Value[],
  attrs: A,
  origin: Origin,
): readonly TensorType[] {
  try {
    return op.infer(
      inputs.map((input) => input.type),
      attrs,
    );
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    const operands = inputs.map((input) => `${input.name}: ${printType(input.type)}`);
    throw new IrError(`${op.name}: ${error.message}`, origin, operands);
  }
}
