import type { QuantizedAttrs } from '@casement/ir';
import type { Operand } from '../operand.ts';
import type { StoredBlocks, StoredWeight } from '../storedWeight.ts';
import type { KernelBuilder } from './kernelBuilder.ts';

/** Columns that one read gives: 4 as a vec4f, 8 as a mat2x4f, 32 as an array<vec4f, 8>. */
export type StepColumns = 4 | 8 | 32;

/**
 * Reads a weight [rows columns] row by row, however it is stored. The columns of a row come in steps, and steps in
 * blocks that share a scale and a zero point; a plain weight is one block with scale 1:
 *
 *     for each block b:
 *       let head = ${w.head('row', 'b')};                       // vec2f(scale, zero)
 *       for each step s of the block:
 *         part += dot(x[s], ${w.step('row', 's', 'head')});     // columns, without their scale
 *       sum += head.x * part;
 *
 * Rows count within the piece that is bound. Where the columns of a quantised weight end within a step, the numbers
 * behind them are anything: multiply them by zero (`readRows` does).
 */
export interface WeightReader {
  /** Steps of a row, as WGSL. */
  readonly steps: string;
  /** Blocks of a row and steps of a block (the last one may have fewer), as WGSL. */
  readonly blocks: string;
  readonly blockSteps: string;
  /** Whether `head` says anything. */
  readonly quantized: boolean;
  /** The WGSL type of a step: `vec4f`, `mat2x4f` or `array<vec4f, 8>`. */
  readonly type: string;
  readonly head: (row: string, block: string) => string;
  /** `head` is the name of a vec2f. */
  readonly step: (row: string, step: string, head: string) => string;
}

/** The rule of kernels that read steps of so many columns. */
export function readsBySteps({ columns, quantized }: StoredWeight, step: StepColumns): boolean {
  return quantized ? quantized.attrs.block % step === 0 : typeof columns === 'number' && columns % step === 0;
}

/** Binds a weight for reading, as `name`. Throws RangeError where {@link readsBySteps} does not hold. */
export function readWeight(kernel: KernelBuilder, name: string, weight: StoredWeight, step: StepColumns): WeightReader {
  if (!readsBySteps(weight, step)) throw new RangeError(`${weight.columns} columns do not come in steps of ${step}`);
  const { quantized } = weight;
  return quantized ? readQuantized(kernel, name, weight, quantized, step) : readPlain(kernel, name, weight, step);
}

function readPlain(kernel: KernelBuilder, name: string, weight: StoredWeight, step: StepColumns): WeightReader {
  const load = kernel.read(name, weight.numbers, 4);
  const [columns, perStep] = [Number(weight.columns), step / 4]; // readsBySteps has seen that it is a number
  const quads = Array.from({ length: perStep }, (_, quad) => load(quad === 0 ? 'at' : `at + ${quad}u`));
  kernel.helper(`
fn ${name}_step(row: u32, step: u32) -> ${typeOf(step)} {
  let at = row * ${columns / 4}u + step * ${perStep}u;
  return ${typeOf(step)}(${quads.join(', ')});
}`);
  return {
    steps: `${columns / step}u`,
    blocks: '1u',
    blockSteps: `${columns / step}u`,
    quantized: false,
    type: typeOf(step),
    head: () => 'vec2f(1.0, 0.0)',
    step: (row, at) => `${name}_step(${row}, ${at})`,
  };
}

function readQuantized(
  kernel: KernelBuilder,
  name: string,
  { numbers, first }: StoredWeight,
  { attrs, scales, zeros }: StoredBlocks,
  step: StepColumns,
): WeightReader {
  const { bits, block, columns } = attrs;
  const blocks = Math.ceil(columns / block);
  const [rowWords, stepWords] = [(blocks * block * bits) / 32, (step * bits) / 32];
  const load = kernel.readWords(name, numbers, step === 32 ? 'four words' : 'word');
  // How many reads make a step (two steps may share one), and where the first one is.
  const [reads, perRow] = step === 32 ? [stepWords / 4, rowWords / 4] : [stepWords, rowWords];
  const from = { 0.5: 'step / 2u', 1: 'step' }[reads] ?? `step * ${reads}u`;
  const words = Array.from(
    { length: Math.ceil(reads) },
    (_, i) => `let words${i} = ${load(i === 0 ? 'at' : `at + ${i}u`)};`,
  );
  const lanes = step === 32 ? ['.x', '.y', '.z', '.w'] : [''];
  const parts = words.flatMap((_, i) => lanes.map((lane) => `words${i}${lane}`));
  const halves =
    step === 4 ? ['select(words0, words0 >> 16u, step % 2u == 1u)'] : parts.flatMap((word) => [word, `${word} >> 16u`]);
  const quads = bits === 8 ? parts : halves;
  const [masks, units] = [
    [0, 1, 2, 3].map((lane) => `0x${((2 ** bits - 1) * 2 ** (lane * bits)).toString(16)}u`),
    [0, 1, 2, 3].map((lane) => `${2 ** -(lane * bits)}`),
  ];
  kernel.helper(`
// The first four numbers of a word. By exact products, since software adapters shift lane by lane.
fn ${name}_four(word: u32) -> vec4f {
  return vec4f(${bits === 4 ? `bitcast<vec4i>(vec4u(word) & vec4u(${masks.join(', ')}))` : `vec4u(word) & vec4u(${masks.join(', ')})`}) * vec4f(${units.join(', ')});
}`);
  kernel.helper(`
fn ${name}_step(row: u32, step: u32, head: vec2f) -> ${typeOf(step)} {
  let at = row * ${perRow}u + ${from};
  ${words.join('\n  ')}
  let zero = vec4f(head.y);
  return ${typeOf(step)}(
    ${quads.map((quad) => `${name}_four(${quad}) - zero`).join(',\n    ')},
  );
}`);
  const scale = kernel.read(`${name}Scales`, scales)(`row * ${blocks}u + block`);
  kernel.helper(`
// Scale and zero point.
fn ${name}_head(${first === 0 ? 'row' : 'own'}: u32, block: u32) -> vec2f {${first === 0 ? '' : `\n  let row = own + ${first}u;`}
  return vec2f(${scale}, ${zeros ? zeroPoint(kernel, name, zeros, attrs) : `${2 ** (bits - 1)}.0`});
}`);
  return {
    steps: `${Math.ceil(columns / step)}u`,
    blocks: `${blocks}u`,
    blockSteps: `${block / step}u`,
    quantized: true,
    type: typeOf(step),
    head: (row, at) => `${name}_head(${row}, ${at})`,
    step: (row, at, head) => `${name}_step(${row}, ${at}, ${head})`,
  };
}

function zeroPoint(
  kernel: KernelBuilder,
  name: string,
  zeros: Operand,
  { bits, block, columns }: QuantizedAttrs,
): string {
  const load = kernel.read(`${name}Zeros`, zeros);
  const blocks = Math.ceil(columns / block);
  if (bits === 8) return `f32(${load(`row * ${blocks}u + block`)})`;
  return `f32((${load(`row * ${Math.ceil(blocks / 2)}u + block / 2u`)} >> (4u * (block % 2u))) & 15u)`;
}

function typeOf(step: StepColumns): string {
  return { 4: 'vec4f', 8: 'mat2x4f', 32: 'array<vec4f, 8>' }[step];
}
