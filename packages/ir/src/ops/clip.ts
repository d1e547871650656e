import { scalar } from '../expand.ts';
import { arity, inputAt, requireArithmetic } from '../infer.ts';
import type { CompositeOp } from '../op.ts';
import { max } from './max.ts';
import { min } from './min.ts';
import { reshape } from './reshape.ts';

/** An infinite bound is none. */
type ClipAttrs = { readonly min: number; readonly max: number };

export const clip: CompositeOp<ClipAttrs> & { readonly name: 'clip' } = {
  kind: 'composite',
  name: 'clip',
  summary: 'x, or the bound that it exceeds, element by element',
  infer(inputs, { min: low, max: high }) {
    arity(inputs, 1);
    const x = inputAt(inputs, 0);
    requireArithmetic(x);
    if (!(low <= high)) throw new TypeError(`no number is from ${low} to ${high}`);
    const fraction = [low, high].find((bound) => Number.isFinite(bound) && !Number.isInteger(bound));
    if (x.dtype === 'i32' && fraction !== undefined) throw new TypeError(`${fraction} is no bound for i32`);
    return [x];
  },
  expand(emit, inputs, { min: low, max: high }) {
    const x = inputAt(inputs, 0);
    const { dtype, shape } = x.type;
    const raised = low === -Infinity ? x : emit(max, [x, scalar(emit, dtype, low)], {});
    const lowered = high === Infinity ? raised : emit(min, [raised, scalar(emit, dtype, high)], {});
    return [lowered === x ? emit(reshape, [x], { shape }) : lowered];
  },
  samples: [
    { name: 'both', inputs: [{ type: 'f32[3 5]' }], attrs: { min: -0.5, max: 0.25 } },
    { name: 'one', inputs: [{ type: 'f32[3 5]' }], attrs: { min: 0, max: Infinity } },
    { name: 'none', inputs: [{ type: 'f32[3]' }], attrs: { min: -Infinity, max: Infinity } },
    { name: 'integers', inputs: [{ type: 'i32[4]', values: [-9, -1, 3, 8] }], attrs: { min: -1, max: 7 } },
  ],
};
