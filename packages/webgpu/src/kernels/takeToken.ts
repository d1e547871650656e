import type { Dim } from '@casement/ir';
import type { Operand } from '../operand.ts';
import { dimField, wgslSize } from '../size.ts';
import { indent } from '../wgsl/coordinates.ts';
import { FusedKernel } from '../wgsl/fusedKernel.ts';
import type { KernelCall } from '../wgsl/kernelBuilder.ts';
import { NEGATIVE_INFINITY } from '../wgsl/math.ts';
import { banRepeats } from './banRepeats.ts';
import { bestOfCrew } from './bestOfCrew.ts';
import { type ChoiceMemory, type Crew, readSettings } from './choice.ts';

/** What a run reads and the next one must find. */
export interface NextRun {
  readonly tokens: Operand;
  readonly positions: Operand;
  /** How many numbers the positions are. */
  readonly axes: number;
  /** Lengths of the growing dims after a run. */
  readonly lengths: ReadonlyMap<string, Dim>;
}

export interface TakeOptions {
  readonly crew: Crew;
  readonly vocab: number;
  /** Also notes the token among the newest ones, and which tokens would repeat a run after it. */
  readonly bans: boolean;
}

/**
 * chosen = the best token of all blocks: it is what the next run reads. Positions and lengths go on by one run, which has
 * read the token before; at a loop's first choice there was none.
 */
export function takeToken(
  memory: ChoiceMemory,
  blocks: number,
  next: NextRun,
  { crew, vocab, bans }: TakeOptions,
): KernelCall {
  const kernel = new FusedKernel(
    bans ? 'takeTokenAndBan' : 'takeToken',
    `chosen = the best token of all blocks; the next run reads it, one position further.${bans ? ' No run of tokens comes again.' : ''}`,
    new Map(),
  );
  kernel.helper(NEGATIVE_INFINITY);
  const { name: best } = kernel.bind('best', memory.best, 'u32');
  const chosen = kernel.write('chosen', memory.chosen);
  const { word } = readSettings(kernel, memory);
  kernel.write('settings', memory.settings);
  const tokens = kernel.write('tokens', next.tokens);
  const positions = kernel.write('positions', next.positions);
  const lengths = [...next.lengths].map(([dim, size], n) => ({ dim, name: `length${n}`, size: wgslSize(size) }));
  const goOn = [
    ...Array.from({ length: next.axes }, (_, axis) => positions(`${axis}u`, `positions[${axis}] + 1`)),
    ...lengths.map(({ name, size }) => `let ${name} = ${size};`),
    ...lengths.map(({ dim, name }) => `${dimField(dim)} = ${name};`),
  ];
  const take = [
    chosen('0u', 'token'),
    'if (token != 0xffffffffu) {',
    indent([
      tokens('0u', 'i32(token)'),
      `if (${word('drawn')} != ${word('drawnBefore')}) {`,
      indent(goOn),
      '}',
      `${word('drawn')} += 1u;`,
    ]),
    '}',
  ];
  const ban = bans ? banRepeats(kernel, memory, vocab, crew) : undefined;
  const body = [
    'var value = negativeInfinity();',
    'var token = 0xffffffffu;',
    `for (var at = ${crew === 1 ? '0u' : 'lane'}; at < ${blocks}u; at += ${crew}u) {`,
    `  let other = bitcast<f32>(${best}[2u * at]);`,
    '  if (other > value) {',
    '    value = other;',
    `    token = ${best}[2u * at + 1u];`,
    '  }',
    '}',
    ...bestOfCrew(kernel, crew),
    ...(ban?.before ?? []),
    ...(crew === 1 ? take : ['if (lane == 0u) {', indent(take), '}']),
    ...(ban?.after ?? []),
  ];
  const call = kernel.finish(1, { unit: 'group', size: crew }, body);
  return { ...call, kernel: { ...call.kernel, writesDims: true } };
}
