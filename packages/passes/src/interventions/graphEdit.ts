import {
  type Emit,
  type Graph,
  IrError,
  makeNode,
  type Node,
  type Origin,
  type Output,
  type TensorType,
  type Value,
} from '@casement/ir';
import { mapInputs } from '../rewriteGraph.ts';

/** Who sees a value. */
export interface Seers {
  readonly nodes: (node: Node) => boolean;
  readonly outputs: boolean;
}

export type Position = 'end' | { readonly before: Node } | { readonly after: Node | undefined };

/** An entry that is being changed: nodes are added where their operands are, uses of values get others instead. */
export class GraphEdit {
  private inputs: readonly Value[];
  private nodes: readonly Node[];
  private outputs: readonly Output[];
  private readonly names: Set<string>;

  constructor(
    private readonly original: Graph,
    /** What the names of new values start with. */
    private readonly label: string,
  ) {
    this.inputs = original.inputs;
    this.nodes = original.nodes;
    this.outputs = original.outputs;
    this.names = new Set(
      [...original.inputs, ...original.nodes.flatMap((node) => node.outputs)].map(({ name }) => name),
    );
  }

  get graph(): Graph {
    return { ...this.original, inputs: this.inputs, nodes: this.nodes, outputs: this.outputs };
  }

  /** Throws IrError when the entry has an input of that name. */
  input(name: string, type: TensorType): Value {
    if (this.names.has(name)) {
      throw new IrError(`entry ${this.original.name} has a value "${name}" already; give the new input another name`);
    }
    this.names.add(name);
    const value: Value = { kind: 'input', name, type };
    this.inputs = [...this.inputs, value];
    return value;
  }

  /** Throws IrError when the entry has an output of that name. */
  output(name: string, value: Value): void {
    if (this.outputs.some((output) => output.name === name)) {
      throw new IrError(`entry ${this.original.name} has an output "${name}" already; give the new one another name`);
    }
    this.outputs = [...this.outputs, { name, value }];
  }

  /** The node that makes a value; undefined for inputs. */
  producer(value: Value): Node | undefined {
    return this.nodes.find((node) => node.outputs.includes(value));
  }

  /** The value that is made first; inputs come before all nodes. */
  firstOf(values: readonly Value[]): Value {
    const [first] = values.toSorted((a, b) => this.madeAt(a) - this.madeAt(b));
    if (first === undefined) throw new RangeError('there is no first of no values');
    return first;
  }

  /** The node that makes the last of some values; undefined when all are inputs. */
  lastOf(values: readonly Value[]): Node | undefined {
    return this.nodes[Math.max(...values.map((value) => this.madeAt(value)))];
  }

  /**
   * An `emit` that adds nodes one after another: in front of a node, behind one (behind the inputs, if that is undefined), or
   * at the end. Others may add nodes further down meanwhile, not above.
   */
  emitter(where: Position, origin: Origin): Emit {
    let at = this.indexOf(where);
    return (op, inputs, attrs) => {
      const node = makeNode(op, inputs, attrs, origin, () => this.freeName(`${this.label}.${op.name}`));
      this.nodes = this.nodes.toSpliced(at++, 0, node);
      const [first] = node.outputs;
      if (first === undefined) throw new IrError(`${op.name} has no result`, origin);
      return first;
    };
  }

  /** Lets nodes, and the entry's outputs if they are to, see `by` instead of `value`; the node that makes `by` does not. */
  replaceUses(value: Value, by: Value, { nodes, outputs }: Seers): void {
    const resolve = (used: Value) => (used === value ? by : used);
    const maker = this.producer(by);
    this.nodes = this.nodes.map((node) => (node !== maker && nodes(node) ? mapInputs(node, resolve) : node));
    if (outputs) this.outputs = this.outputs.map((output) => ({ name: output.name, value: resolve(output.value) }));
  }

  /** Changes a node; without `by`, removes it. */
  replaceNode(node: Node, by?: Node): void {
    this.nodes = this.nodes.flatMap((one) => (one === node ? (by ?? []) : one));
  }

  private madeAt(value: Value): number {
    return this.nodes.findIndex((node) => node.outputs.includes(value));
  }

  private indexOf(where: Position): number {
    if (where === 'end') return this.nodes.length;
    if ('before' in where) return this.nodes.indexOf(where.before);
    return where.after ? this.nodes.indexOf(where.after) + 1 : 0;
  }

  private freeName(stem: string): string {
    for (let i = 0; ; i++) {
      const name = `${stem}_${i}`;
      if (this.names.has(name)) continue;
      this.names.add(name);
      return name;
    }
  }
}
