import {
  type Graph,
  IrError,
  type Node,
  ops,
  type Program,
  productDims,
  sameShape,
  type TensorType,
  upperBound,
  type Value,
} from '@casement/ir';
import type { FusedGraph, FusedStep } from './fusion/fuse.ts';
import { type AttentionParts, lowerProjection } from './fusion/lowerProjection.ts';
import { lowerSplitAttention } from './fusion/lowerSplitAttention.ts';
import { lowerTiles } from './fusion/lowerTiles.ts';
import { vectorsOf } from './fusion/projection.ts';
import { closeGaps } from './kernels/copyStrided.ts';
import { loweringOf } from './lower/index.ts';
import type { LoweringContext, Piece } from './lowering.ts';
import type { ConstantPlan } from './memory/constants.ts';
import { bindingProblem, type InputPlan } from './memory/inputs.ts';
import type { StatePlan } from './memory/states.ts';
import type { WeightPlan } from './memory/weights.ts';
import { type Block, denseOperand, isDense, type Operand } from './operand.ts';
import type { DeviceProfile } from './profile.ts';
import { activationStorage, hostStorage, type Storage, storageBytes } from './storage.ts';
import { type KernelCall, storageBuffers } from './wgsl/kernelBuilder.ts';

/** What all entries of a program share. */
export interface ProgramPlans {
  readonly program: Program;
  readonly profile: DeviceProfile;
  readonly weights: WeightPlan;
  readonly constants: ConstantPlan;
  readonly states: StatePlan;
  readonly inputs: InputPlan;
}

/** A kernel call with the node it came from. */
export interface Step extends KernelCall {
  /** Value and scope. */
  readonly label: string;
}

/** A list of an entry's dispatches: the graph that it runs, and how. */
export interface ListPlan {
  readonly graph: Graph;
  /** Operands of the inputs. */
  readonly inputs: ReadonlyMap<Value, Operand>;
  /** What its kernels compute. */
  readonly fused: FusedGraph;
}

/** An entry as kernel calls over blocks; the arena's are not placed yet. */
export interface LoweredEntry {
  readonly graph: Graph;
  readonly steps: readonly Step[];
  readonly inputs: ReadonlyMap<Value, Operand>;
  /** By name of the output. Dense, one word per element, in the arena. */
  readonly outputs: ReadonlyMap<string, Operand>;
  /** Inputs that are indices: what they must be below. */
  readonly indexLimits: ReadonlyMap<Block, number>;
}

/** Lowers the nodes of an entry in their order. Throws IrError at the first one that this target cannot run. */
export function lowerEntry(plans: ProgramPlans, list: ListPlan): LoweredEntry {
  return new EntryLowering(plans, list).lower();
}

class EntryLowering implements LoweringContext {
  readonly profile: DeviceProfile;
  private readonly steps: Step[] = [];
  private readonly graph: Graph;
  private readonly operands: Map<Value, Operand>;
  private readonly denseCopies = new Map<Value, Operand>();
  private readonly outputs = new Map<Value, Operand>();
  private readonly indexLimits = new Map<Block, number>();
  private readonly parts = new Map<Node, AttentionParts>();
  private readonly partSteps = new Map<Node, Step>();
  /** Outputs, and what they are views of: stored as the host reads them. */
  private readonly forHost: ReadonlySet<Value>;
  private node: Node | undefined;

  constructor(
    private readonly plans: ProgramPlans,
    private readonly list: ListPlan,
  ) {
    this.profile = plans.profile;
    this.graph = list.graph;
    this.operands = new Map(list.inputs);
    this.forHost = valuesForHost(this.graph);
    for (const { state, start } of this.graph.states) {
      const operand = plans.states.operand(state);
      if (operand) this.operands.set(start, operand);
    }
  }

  lower(): LoweredEntry {
    const outputs = new Set(this.graph.outputs.map(({ value }) => value));
    for (const value of outputs) if (value.kind !== 'result') this.keepOutput(value);
    for (const step of this.list.fused.steps) {
      this.lowerStep(step);
      // Right here, so that a copy carries the label of the node.
      const nodes = step.kind === 'projection' ? step.nodes : [step.node];
      for (const { outputs: values } of nodes) {
        for (const value of values) if (outputs.has(value)) this.keepOutput(value);
      }
    }
    return {
      graph: this.graph,
      steps: this.steps,
      inputs: this.list.inputs,
      outputs: new Map(this.graph.outputs.map(({ name, value }) => [name, this.outputOf(value)])),
      indexLimits: this.indexLimits,
    };
  }

  operand(value: Value): Operand {
    const stored = this.stored(value);
    if (isDense(stored)) return stored;
    const known = this.denseCopies.get(value);
    if (known) return known;
    const copy = this.copyOf(value, stored);
    this.denseCopies.set(value, copy);
    return copy;
  }

  stored(value: Value): Operand {
    const known = this.operands.get(value);
    if (known) return known;
    const [whole, ...more] = this.pieces(value);
    if (whole && more.length === 0) return whole.operand;
    const { maxStorageBufferBindingSize: most } = this.profile.limits;
    throw this.fail(
      `param "${value.name}" is larger than the ${most} bytes that may be bound at once; ` +
        `linear (as its weight) and gather (as its table, axis 0) split it by rows, ${this.node?.op.name} does not`,
    );
  }

  pieces(value: Value): readonly Piece[] {
    if (value.kind === 'param') return this.plans.weights.pieces(value, (problem) => this.fail(problem));
    return [{ operand: this.operand(value), first: 0, rows: value.type.shape[0] ?? 1 }];
  }

  result(value: Value): Operand {
    const operand = this.allocate(value);
    this.operands.set(value, operand);
    return operand;
  }

  scratch(type: TensorType): Operand {
    return this.allocate({ kind: 'result', name: `${this.node?.outputs[0]?.name ?? ''} scratch`, type });
  }

  alias(value: Value, operand: Operand): void {
    // A state changes in place, so what is not a version of it needs a copy.
    const from = operand.block.kind === 'state' && value.state === undefined ? this.copyOf(value, operand) : operand;
    const layout = value.state === undefined ? value.type.shape : from.layout;
    this.operands.set(value, { ...from, type: value.type, layout });
  }

  constant(type: TensorType, values: ArrayLike<number>): Operand {
    return this.plans.constants.add(type, values);
  }

  run(call: KernelCall): void {
    const most = this.profile.limits.maxStorageBuffersPerShaderStage;
    const count = storageBuffers(call);
    if (count > most) {
      throw this.fail(`kernel ${call.kernel.algorithm} binds ${count} buffers, ${most} are allowed`);
    }
    // A size that is always zero leaves nothing to do, and WGSL refuses to divide by it.
    if (call.grid.includes(0)) return;
    const { origin, outputs } = this.node ?? { origin: { scope: '' }, outputs: [] };
    const name = outputs[0]?.name ?? call.kernel.algorithm;
    this.steps.push({ ...call, label: origin.scope ? `${name} (${origin.scope})` : name });
  }

  limitIndices({ block }: Operand, below: number): void {
    if (block.kind === 'inputs') this.indexLimits.set(block, Math.min(below, this.indexLimits.get(block) ?? below));
  }

  fail(problem: string): IrError {
    return new IrError(`entry ${this.graph.name}: ${problem}`, this.node?.origin);
  }

  private lowerStep(step: FusedStep): void {
    const { fused } = this.list;
    if (step.kind === 'projection' && vectorsOf(step.projection.source.x) !== 1) {
      this.node = step.projection.sections[0]?.linears[0];
      this.guarded(() => this.lowerTiles(step));
    } else if (step.kind === 'projection') {
      this.node = step.projection.sections[0]?.linears[0];
      const partsOf = (attention: Node) => this.parts.get(attention) ?? raise(this.fail('an attention has no parts'));
      this.guarded(() => {
        const call = lowerProjection(step.projection, { fusion: fused.fusion, context: this, partsOf });
        const most = this.profile.limits.maxStorageBuffersPerShaderStage;
        const count = storageBuffers(call);
        if (count <= most) return this.run(call);
        const [first] = step.projection.sections[0]?.linears ?? [];
        if (first)
          fused.fusion.note('lowerProjection', first, `its kernel binds ${count} buffers, ${most} are allowed`);
        const { attention } = step.projection.source;
        if (attention) this.takeBack(attention);
        for (const node of fused.fusion.sorted(step.nodes)) this.lowerNode(node);
      });
    } else if (step.kind === 'attention') {
      this.node = step.node;
      this.guarded(() => this.parts.set(step.node, lowerSplitAttention(step.node, this)));
      const made = this.steps.at(-1);
      if (made) this.partSteps.set(step.node, made);
    } else if (step.kind === 'node') this.lowerNode(step.node);
  }

  /** Lowers an attention whole whose parts nobody joins. What else they needed, others may have found there since. */
  private takeBack(attention: Node): void {
    const made = this.partSteps.get(attention);
    if (made) this.steps.splice(this.steps.indexOf(made), 1);
    this.lowerNode(attention);
  }

  private lowerTiles({ projection }: FusedStep & { readonly kind: 'projection' }): void {
    for (const step of lowerTiles(projection, this.list.fused.fusion, this)) {
      this.node = projection.sections[0]?.linears[0];
      if (step.kind === 'call') this.run(step.call);
      else for (const node of step.nodes) this.lowerNode(node);
    }
  }

  private lowerNode(node: Node): void {
    this.node = node;
    const lowering = loweringOf(node.op.name);
    if (lowering === undefined) throw this.fail(`${node.op.name} has no kernel on WebGPU; expand it before`);
    const big = [...node.inputs, ...node.outputs].find(({ type }) => type.dtype === 'i64');
    if (big) throw this.fail(`"${big.name}" is i64, which WGSL lacks; use i32 for it in the model`);
    this.guarded(() => lowering(node, this));
  }

  private guarded(lower: () => void): void {
    try {
      lower();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw this.fail(`${this.node?.op.name}: ${error.message}`);
    }
  }

  private allocate(value: Value): Operand {
    const { dtype } = value.type;
    return this.allocateAs(
      value,
      this.forHost.has(value) ? hostStorage(dtype) : activationStorage(dtype, this.profile),
    );
  }

  private allocateAs(value: Value, storage: Storage): Operand {
    const bytes = storageBytes(storage, upperBound(productDims(value.type.shape), this.plans.program.dims));
    const problem = bindingProblem(this.plans.program, value, bytes, this.profile.limits);
    if (problem) throw this.fail(problem);
    const block: Block = { kind: 'arena', name: value.name, bytes, place: undefined };
    return denseOperand(block, storage, value.type);
  }

  /** A dense copy in the arena; `value` gives the name and, where the elements count the same, the shape. */
  private copyOf(value: Value, stored: Operand, storage = activationStorage(value.type.dtype, this.profile)): Operand {
    const same = sameShape(value.type.shape, stored.type.shape);
    const copy = this.allocateAs(same ? value : { ...value, type: stored.type }, storage);
    this.run(closeGaps(stored, copy));
    return copy;
  }

  private keepOutput(value: Value): void {
    const stored = this.stored(value);
    const storage = hostStorage(value.type.dtype);
    const isThere = stored.block.kind === 'arena' && stored.storage === storage;
    this.outputs.set(value, isThere ? stored : this.copyOf(value, stored, storage));
  }

  private outputOf(value: Value): Operand {
    const output = this.outputs.get(value);
    if (output === undefined) throw this.fail(`output "${value.name}" is computed by no node`);
    return output;
  }
}

/** Outputs, and the values that they show in another shape or as another dtype. */
function valuesForHost({ nodes, outputs }: Graph): ReadonlySet<Value> {
  const found = new Set(outputs.map(({ value }) => value));
  for (const { op, inputs, outputs: results } of nodes.toReversed()) {
    const isView = op.name === ops.reshape.name || op.name === ops.cast.name;
    if (isView && inputs[0] && results.some((value) => found.has(value))) found.add(inputs[0]);
  }
  return found;
}

function raise(error: Error): never {
  throw error;
}
