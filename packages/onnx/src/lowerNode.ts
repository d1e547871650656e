import { type CompositeOp, type CoreOp, type Emit, IrError, makeNode, type Node } from '@casement/ir';
import type { Context, Lower, LowerWhole } from './context.ts';
import { lowerings, wholes } from './lower/index.ts';

const coreRules: ReadonlyMap<string, Lower<CoreOp>> = new Map(Object.entries(lowerings));

/** Lowers one node. Throws IrError when no rule is known for its op, or the rule fails. */
export function lowerNode(ctx: Context, node: Node): void {
  ctx.writer.origin = node.origin;
  try {
    if (node.op.kind === 'composite') lowerComposite(ctx, node, node.op);
    else lowerCore(ctx, node);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new IrError(`${node.outputs[0]?.name ?? node.op.name}: ${error.message}`, node.origin);
  }
}

/** Makes IR nodes whose results are called `prefix.op`, and lowers them at once. */
export function emitInto(ctx: Context, prefix: string): Emit {
  return (op, inputs, attrs) => {
    const { origin } = ctx.writer;
    const node = makeNode(op, inputs, attrs, origin, (i) => `${prefix}.${op.name}${i === 0 ? '' : i}`);
    lowerNode(ctx, node);
    ctx.writer.origin = origin;
    const [first] = node.outputs;
    if (first === undefined) throw new RangeError(`${op.name} has no result`);
    return first;
  };
}

function lowerCore(ctx: Context, node: Node): void {
  const lower = coreRules.get(node.op.name);
  if (!lower) {
    throw new IrError(`op ${node.op.name} has no lowering to ONNX; add it to packages/onnx/src/lower`, node.origin);
  }
  lower(ctx, node, node.attrs);
}

/** Whole where the profile has a rule that takes the node, else as the core ops it stands for. */
function lowerComposite(ctx: Context, node: Node, op: CompositeOp): void {
  const rules: Readonly<Record<string, LowerWhole<CompositeOp>>> = wholes[ctx.profile];
  const lower = rules[op.name];
  const declined = lower ? lower(ctx, node, node.attrs) : '';
  if (declined === undefined) return;
  const remark = ctx.writer.remark;
  ctx.writer.remark = declined === '' ? remark : `${op.name} in parts: ${declined}`;
  const results = op.expand(ctx.emitAs(node.outputs[0]?.name ?? op.name), node.inputs, node.attrs);
  ctx.writer.remark = remark;
  node.outputs.forEach((output, i) => {
    const result = results[i];
    if (result) ctx.values.alias(output, result);
  });
}
