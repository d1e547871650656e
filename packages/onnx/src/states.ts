import {
  type Dim,
  type Graph,
  lengthDim,
  type Program,
  type StateDecl,
  type TensorType,
  type Value,
} from '@casement/ir';
import type { GraphWriter, Tensor } from './graphWriter.ts';
import { type StateNames, stateNames } from './names.ts';
import { type Form, HEADS_FIRST } from './values.ts';

/** How a state crosses the boundary of every ONNX graph of a program. */
export interface StateLayout extends StateNames {
  readonly decl: StateDecl;
  /** Axis `i` of the ONNX tensor is axis `perm[i]` of the state. */
  readonly perm: readonly number[];
  /** The form that this layout is of the state's value. */
  readonly form: Form;
}

/** What a version of a state is made of. */
export type Version = { readonly kind: 'start' } | { readonly kind: 'empty' } | AppendedVersion;

export interface AppendedVersion {
  readonly kind: 'appended';
  readonly base: Value;
  readonly x: Value;
}

/** Names and axis orders of all states: heads first where attention reads the state, else as the IR has it. */
export function stateLayouts(program: Program): ReadonlyMap<string, StateLayout> {
  const names = stateNames(program);
  const cached = new Set([...program.entries.values()].flatMap(statesOfAttention));
  return new Map(
    [...program.states.values()].map((decl) => {
      const own = names.get(decl.name) ?? { past: decl.name, present: `present_${decl.name}` };
      const rank = decl.type.shape.length;
      const headsFirst = cached.has(decl.name) && rank === 4;
      const perm = headsFirst ? HEADS_FIRST : Array.from({ length: rank }, (_, axis) => axis);
      return [decl.name, { ...own, decl, perm, form: headsFirst ? 'heads' : 'plain' }];
    }),
  );
}

/** A shape in the state's ONNX layout. */
export function permuted(shape: readonly Dim[], { perm }: StateLayout): readonly Dim[] {
  return perm.map((axis) => shape[axis] ?? 1);
}

function statesOfAttention(graph: Graph): readonly string[] {
  const reads = graph.nodes.filter(({ op }) => op.name === 'attention').flatMap(({ inputs }) => inputs.slice(1, 3));
  return reads.flatMap(({ state }) => (state === undefined ? [] : [state]));
}

/** The states of one graph. A state becomes an input when its past is first asked for, so a reset leaves no input. */
export class GraphStates {
  private readonly versions = new Map<Value, Version>();
  private readonly pasts = new Map<string, Tensor>();

  constructor(
    private readonly writer: GraphWriter,
    private readonly layouts: ReadonlyMap<string, StateLayout>,
    /** What a version looks like in ONNX, in the state's own axes: full capacity, where it is held at that. */
    private readonly shapeOf: (version: Value, decl: StateDecl) => readonly Dim[],
    private readonly starts: ReadonlyMap<string, Value>,
  ) {}

  /** Type of the ONNX tensor that a version of a state is. */
  typeOf(version: Value): TensorType {
    const layout = this.layoutOf(version);
    return { dtype: version.type.dtype, shape: permuted(this.shapeOf(version, layout.decl), layout) };
  }

  layoutOf(version: Value): StateLayout {
    const layout = this.layouts.get(version.state ?? '');
    if (layout === undefined) throw new RangeError(`"${version.name}" is no version of a declared state`);
    return layout;
  }

  /** The dim that counts the length of a state. */
  dimOf(version: Value): string {
    return lengthDim(this.layoutOf(version).decl);
  }

  setVersion(value: Value, version: Version): void {
    this.versions.set(value, version);
  }

  versionOf(value: Value): Version {
    return this.versions.get(value) ?? { kind: 'start' };
  }

  /** The graph input that holds a state's past. */
  past(state: string): Tensor {
    const known = this.pasts.get(state);
    if (known) return known;
    const layout = this.layouts.get(state);
    if (layout === undefined) throw new RangeError(`state "${state}" is not declared`);
    const start = this.starts.get(state);
    if (start === undefined) throw new RangeError(`state "${state}" is not used by this entry`);
    const past: Tensor = { name: layout.past, type: this.typeOf(start) };
    this.pasts.set(state, past);
    return past;
  }

  /** Adds the pasts that were used to the graph's inputs, in the program's order. */
  declareInputs(): void {
    for (const state of this.layouts.keys()) {
      const past = this.pasts.get(state);
      if (past) this.writer.input(past);
    }
  }
}
