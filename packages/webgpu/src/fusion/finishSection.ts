import { axisOf, type Dim, mulDims, type Node, ops, productDims, type RopeAttrs, type Value } from '@casement/ir';
import type { RowPart } from '../kernels/projectedRows.ts';
import { sectionOf } from '../kernels/ropePairPerThread.ts';
import { frequenciesOf } from '../lower/rope.ts';
import { inputOf, type LoweringContext, resultOf } from '../lowering.ts';
import type { Operand } from '../operand.ts';
import { wgslSize } from '../size.ts';
import { storageInfo } from '../storage.ts';
import { expressionOf } from '../wgsl/expressions.ts';
import type { FusedKernel } from '../wgsl/fusedKernel.ts';
import { SIN_COS } from '../wgsl/math.ts';
import { operandIndex } from './broadcast.ts';
import { type Projection, resultsOf, rowsOf, rowsPerUnit, type Section, valuesOf, vectorsOf } from './projection.ts';
import { resultsPerUnit } from './threads.ts';
import { pairOf, unitGuards } from './unitRows.ts';

/** The rows of a value in a unit, as WGSL expressions. Views of a value have its very rows. */
type Rows = readonly string[];

/**
 * What a kernel does with the products of a section's rows: a bias, whatever follows row by row, and storing what others
 * read. Gives memory to what is stored. Where x has many rows, `row` is the one that was multiplied.
 */
export function finishSection(
  projection: Projection,
  section: Section,
  isStored: (value: Value) => boolean,
  context: LoweringContext,
): RowPart['finish'] {
  const plan = new SectionPlan(projection, section, isStored, context);
  return (kernel) => plan.lines(kernel);
}

interface AppendTarget {
  readonly state: Operand;
  readonly start: string;
}

class SectionPlan {
  private readonly stores = new Map<Value, Operand>();
  private readonly appends = new Map<Node, AppendTarget>();
  private readonly perUnit: number;
  /** Rows of x. */
  private readonly vectors: Dim;

  constructor(
    projection: Projection,
    private readonly section: Section,
    isStored: (value: Value) => boolean,
    private readonly context: LoweringContext,
  ) {
    this.perUnit = rowsPerUnit(section, resultsOf(projection, resultsPerUnit(context.profile)));
    this.vectors = vectorsOf(projection.source.x);
    const roots = new Map<Value, Value>();
    for (const node of section.nodes) {
      const [x, y] = [node.inputs[0], node.outputs[0]];
      if (x && y && isView(node)) roots.set(y, roots.get(x) ?? x);
    }
    for (const value of valuesOf(section).filter(isStored)) {
      const root = roots.get(value) ?? value;
      const stored = this.stores.get(root) ?? context.result(root);
      this.stores.set(root, stored);
      if (root !== value) context.alias(value, stored);
    }
    for (const node of section.nodes) if (node.op.name === ops.append.name) this.appends.set(node, this.target(node));
  }

  lines(kernel: FusedKernel): readonly string[] {
    const { section, perUnit } = this;
    const rows = new Map<Value, Rows>();
    const lines: string[] = [];
    let names = 0;
    const define = (expressions: Rows): Rows => {
      const name = `v${names++}`;
      lines.push(...expressions.map((text, t) => `let ${name}_${t} = ${text};`));
      return expressions.map((_, t) => `${name}_${t}`);
    };
    if (this.vectors !== 1) lines.push(...range(perUnit).map((t) => `let e${t} = row * ${rowsOf(section)}u + r${t};`));
    section.linears.forEach((linear, which) => {
      const products = range(perUnit).map((t) => `a${which * perUnit + t}`);
      const bias = biasOf(linear);
      const read = bias && kernel.read('bias', this.context.stored(bias), 'element');
      const value = resultOf(linear);
      rows.set(value, read ? define(products.map((text, t) => `${text} + ${read.at(`r${t}`)}`)) : products);
      this.store(kernel, value, rows, lines);
    });
    for (const node of section.nodes) {
      const value = resultOf(node);
      if (node.op.name === ops.append.name) this.append(kernel, node, rows, lines);
      else if (isView(node)) rows.set(value, rows.get(inputOf(node, 0)) ?? []);
      else if (node.op.name === ops.rope.name) rows.set(value, define(this.rotated(kernel, node, rows, lines)));
      else rows.set(value, define(this.computed(kernel, node, rows)));
      this.store(kernel, value, rows, lines);
    }
    return lines;
  }

  private computed(kernel: FusedKernel, node: Node, rows: ReadonlyMap<Value, Rows>): Rows {
    const expression = expressionOf(node.op.name, node.attrs.approximate);
    if (!expression) throw new RangeError(`${node.op.name} has no expression`);
    for (const helper of expression.helpers) kernel.helper(helper);
    const operands = node.inputs.map((value): Rows => {
      const own = rows.get(value);
      if (own) return own;
      const { at } = kernel.read('other', this.context.operand(value), 'element');
      const { shape } = resultOf(node).type;
      return range(this.perUnit).map((t) => at(operandIndex(value.type.shape, shape, this.element(t)) ?? '0u'));
    });
    return range(this.perUnit).map((t) =>
      expression.text.replace(/\b[abc]\b/g, (name) => `(${operands['abc'.indexOf(name)]?.[t]})`),
    );
  }

  /** The place of product t in a value that has one for each row of the weight and of x. */
  private element(t: number): string {
    return this.vectors === 1 ? `r${t}` : `e${t}`;
  }

  private rotated(kernel: FusedKernel, node: Node, rows: ReadonlyMap<Value, Rows>, lines: string[]): Rows {
    const { pairing } = this.section;
    const x = rows.get(inputOf(node, 0));
    const attrs = node.attrs as RopeAttrs; // the op's attributes, by its name
    if (!x || !pairing) throw new RangeError('rope without pairs of rows');
    kernel.helper(SIN_COS);
    const positions = this.context.operand(inputOf(node, 1));
    const { half } = pairing;
    const frequencies = this.context.constant({ dtype: 'f32', shape: [half] }, frequenciesOf(half, attrs));
    const frequency = kernel.read('frequencies', frequencies, 'element');
    const position = this.position(kernel, positions);
    const result = [...x];
    const mark = this.section.nodes.indexOf(node);
    for (const t of range(this.perUnit / 2)) {
      const [a, b] = pairOf(t, this.perUnit, pairing);
      const turn = `pair${t} % ${half}u`;
      const axis = sectionOf(`(${turn})`, attrs.sections) ?? '0u';
      lines.push(
        `let angle_${mark}_${t} = rounded(f32(${position(axis)}) * ${frequency.at(turn)});`,
        `let wave_${mark}_${t} = sinCos(angle_${mark}_${t});`,
      );
      const wave = `wave_${mark}_${t}`;
      result[a] = `${x[a]} * ${wave}.y - ${x[b]} * ${wave}.x`;
      result[b] = `${x[b]} * ${wave}.y + ${x[a]} * ${wave}.x`;
    }
    return result;
  }

  private position(kernel: FusedKernel, positions: Operand): (axis: string) => string {
    if (this.vectors === 1 && positions.block.kind === 'inputs' && positions.block.bytes <= 16) {
      const name = kernel.uniform('positions', positions);
      return (axis) => `${name}[${axis}]`;
    }
    const { name } = kernel.bind('positions', positions, 'i32');
    if (this.vectors === 1) return (axis) => `${name}[${axis}]`;
    return (axis) => `${name}[${axis === '0u' ? 'row' : `(${axis}) * ${wgslSize(this.vectors)} + row`}]`;
  }

  private store(kernel: FusedKernel, value: Value, rows: ReadonlyMap<Value, Rows>, lines: string[]): void {
    const operand = this.stores.get(value);
    if (!operand) return;
    const write = kernel.write('result', operand);
    lines.push(...(rows.get(value) ?? []).flatMap((text, t) => this.guarded(t, write(this.element(t), text))));
  }

  private append(kernel: FusedKernel, node: Node, rows: ReadonlyMap<Value, Rows>, lines: string[]): void {
    const target = this.appends.get(node);
    const values = rows.get(inputOf(node, 1));
    if (!target || !values) throw new RangeError('append without rows');
    const { state, start } = target;
    if (!storageInfo(state.storage).packed) {
      const write = kernel.write('cache', state);
      lines.push(...values.flatMap((text, t) => this.guarded(t, write(`${start} + ${this.element(t)}`, text))));
      return;
    }
    const write = kernel.writePairs('cache', state);
    for (const t of range(values.length / 2).map((pair) => 2 * pair)) {
      const word = write(`(${start} + ${this.element(t)}) / 2u`, `vec2f(${values[t]}, ${values[t + 1]})`);
      lines.push(...this.guarded(t, word));
    }
  }

  /** The state in memory, and the element where what is appended begins. */
  private target(node: Node): AppendTarget {
    const state = this.context.stored(inputOf(node, 0));
    const axis = axisOf(Number(node.attrs.axis), state.type.shape.length);
    const start = mulDims(state.type.shape[axis] ?? 0, productDims(state.layout.slice(axis + 1)));
    this.context.alias(resultOf(node), state);
    return { state, start: wgslSize(start) };
  }

  private guarded(t: number, statement: string): string[] {
    const guard = unitGuards(rowsOf(this.section), this.perUnit, this.section.pairing);
    return guard ? [`if (inside${t}) {`, `  ${statement}`, '}'] : [statement];
  }
}

function isView({ op }: Node): boolean {
  return op.name === ops.reshape.name || op.name === ops.cast.name;
}

function biasOf({ op, inputs }: Node): Value | undefined {
  if (op.name === ops.linear.name) return inputs[2];
  return inputs.slice(3).find(({ type }) => type.dtype !== 'u8');
}

function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}
