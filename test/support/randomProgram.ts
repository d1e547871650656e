import {
  countedDims,
  type FloatDType,
  type Graph,
  type Program,
  parseProgram,
  printProgram,
  verifyProgram,
} from '@casement/ir';
import fc from 'fast-check';
import { type ProgramCase, printCase, programCase } from './programCase.ts';
import { cachedAttention, clear, peek, rope, selfAttention } from './steps/attention.ts';
import { keepRows, oneHot, rank, reorder } from './steps/choosing.ts';
import { binary, castIds, clip, exp, gelu, positive, swiglu, unary, where } from './steps/elementwise.ts';
import {
  conv2d,
  cumSum,
  groupNorm,
  linear,
  matmul,
  maxSimilarity,
  norm,
  pool,
  reduce,
  softmax,
} from './steps/products.ts';
import { quantizedEmbed, quantizedLinear } from './steps/quantized.ts';
import { broadcastTo, concat, embed, gather, pad, reshape, slice, stack, transpose } from './steps/shapes.ts';
import { type Choice, choose, DIMS, Shared, SIZES, Sketch, type Step } from './steps/sketch.ts';

/** Simple ones first: a failure shrinks towards them. */
const STEPS = {
  unary,
  binary,
  reshape,
  transpose,
  slice,
  concat,
  broadcastTo,
  reduce,
  matmul,
  linear,
  exp,
  positive,
  gelu,
  swiglu,
  where,
  gather,
  embed,
  castIds,
  clip,
  pad,
  stack,
  cumSum,
  rank,
  reorder,
  oneHot,
  keepRows,
  softmax,
  norm,
  groupNorm,
  conv2d,
  pool,
  maxSimilarity,
  rope,
  selfAttention,
  quantizedLinear,
  quantizedEmbed,
} satisfies Record<string, Step>;

/** Steps that make a program keep states. */
const STATE_STEPS = { peek, cachedAttention } satisfies Record<string, Step>;

const ALL_STEPS = { ...STEPS, ...STATE_STEPS };

export type StepName = keyof typeof ALL_STEPS;

interface ChosenStep extends Choice {
  readonly step: StepName;
}

interface Recipe {
  readonly hidden: number;
  readonly step: readonly ChosenStep[];
  readonly other: readonly ChosenStep[] | null;
  readonly calls: readonly { readonly entry: number; readonly seq: number }[];
}

export interface RandomProgramOptions {
  /** Of the main entry; a step is one to a few nodes. Default 10. */
  readonly maxSteps?: number;
  /** The steps to draw from; all by default. */
  readonly steps?: readonly StepName[];
  /** Of every float. Default f32. */
  readonly dtype?: FloatDType;
}

/**
 * Small programs over core and composite ops, with a symbolic dim, sometimes states and a second entry, and calls to
 * run them with. Every recipe of numbers makes a sound program, so that failures shrink freely; they print as text that
 * `parseCase` reads back. Ops that jump (floor, argMax, comparisons) are given whole numbers: machines may differ in the
 * last bit of others.
 */
export function randomProgram({
  maxSteps = 10,
  steps,
  dtype = 'f32',
}: RandomProgramOptions = {}): fc.Arbitrary<ProgramCase> {
  const small = (max: number) => fc.nat({ max });
  const chosen = (names: readonly StepName[]) =>
    fc.record({ step: fc.constantFrom(...names), a: small(4), b: small(11), n: small(11) });
  // Object.keys forgets the keys of a literal.
  const stateless = Object.keys(STEPS) as StepName[];
  const withStates = Object.keys(ALL_STEPS) as StepName[];
  const kinds = steps ? [steps] : [stateless, withStates];
  const recipes = kinds.map((names) =>
    fc.record({
      hidden: fc.constantFrom(...SIZES),
      step: fc.array(chosen(names), { maxLength: maxSteps, size: 'max' }),
      other: fc.option(fc.array(chosen(names), { maxLength: 4, size: 'max' })),
      calls: fc.array(fc.record({ entry: small(2), seq: fc.integer({ min: 1, max: 6 }) }), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  );
  return fc.oneof(...recipes).map((recipe) => {
    const made = caseOf(recipe, dtype);
    return Object.assign(made, { [fc.toStringMethod]: () => `\n${printCase(made)}` });
  });
}

function caseOf({ hidden, step, other, calls }: Recipe, dtype: FloatDType): ProgramCase {
  const shared = new Shared();
  const graphs = [entryOf('step', hidden, step, shared)];
  if (other) graphs.push(entryOf('other', hidden, other, shared));
  if (shared.states.size > 0) graphs.push(clearing(shared));
  const isUsed = (name: string) =>
    name === 'seq' || (name === 'past' ? shared.states.size > 0 : graphs.some((graph) => countedDims(graph).has(name)));
  const dims = new Map([...DIMS].filter(([name]) => isUsed(name)));
  const entries = new Map(graphs.map((graph) => [graph.name, graph]));
  const program: Program = { name: 'random', dims, params: shared.params, states: shared.states, entries };
  verifyProgram(program);
  const plan = calls.map((call) => {
    const graph = choose(graphs, call.entry);
    return { entry: graph.name, sizes: graph.inputs.length > 0 ? { seq: call.seq } : {} };
  });
  return programCase(withFloats(program, dtype), plan);
}

/** Types and attributes all print floats by that name, and nothing else. */
function withFloats(program: Program, dtype: FloatDType): Program {
  return dtype === 'f32' ? program : parseProgram(printProgram(program).replaceAll('f32', dtype));
}

function entryOf(name: string, hidden: number, steps: readonly ChosenStep[], shared: Shared): Graph {
  const sketch = new Sketch(name, shared, hidden);
  for (const { step, ...choice } of steps) sketch.add(ALL_STEPS[step](sketch, choice));
  sketch.newest().forEach((value, i) => {
    sketch.builder.output(`y${i}`, value);
  });
  return sketch.builder.finish();
}

function clearing(shared: Shared): Graph {
  const sketch = new Sketch('clear', shared);
  clear(sketch);
  return sketch.builder.finish();
}
