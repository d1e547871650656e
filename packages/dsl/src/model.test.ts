import { evaluateGraph, type Program, printProgram, tensorOf, type Value } from '@casement/ir';
import { describe, expect, it } from 'vitest';
import tiny from '../test-models/tiny.ts';
import { entry, gather, linear, mergeHeads, model, sub, upTo, where } from './index.ts';

/** Without the folder of the checkout. */
const portable = (text: string) => text.replaceAll(/"[^"]*\/test-models\//g, '"');

function run(program: Program, name: string, inputs: Record<string, readonly number[]>): number[][] {
  const graph = program.entries.get(name);
  if (graph === undefined) throw new Error(`no entry ${name}`);
  const given = (value: Value) => tensorOf(value.type.dtype, value.type.shape.map(Number), inputs[value.name] ?? []);
  const tensors = evaluateGraph(
    graph,
    graph.outputs.map((output) => output.value),
    { given, bindings: new Map() },
  );
  return tensors.map((tensor) => Array.from(tensor.data));
}

describe('model', () => {
  it('builds a program: shared params, states, scopes and places', async () => {
    const text = printProgram(tiny.build({ dtype: 'f32' }));
    await expect(portable(text)).toMatchFileSnapshot('../test-models/tiny.ir.txt');
  });

  it('builds float as the dtype asked for, and nothing else with it', () => {
    const program = tiny.build({ dtype: 'f16' });
    expect(program.params.get('model.norm.weight')?.type).toEqual({ dtype: 'f16', shape: [8] });
    expect(program.states.get('model.layers.0.casa_attn.window.key')?.type.dtype).toBe('f16');
    const step = program.entries.get('step');
    expect(step?.inputs.map((input) => input.type.dtype)).toEqual(['i32', 'i32']);
    expect(step?.outputs[0]?.value.type.dtype).toBe('f16');
  });

  it('can be built again: nothing is left over from the first build', () => {
    expect(printProgram(tiny.build({ dtype: 'f32' }))).toBe(printProgram(tiny.build({ dtype: 'f32' })));
  });

  it('keeps the order of operands, and evaluates dim expressions', () => {
    const program = model('m', {
      dims: { rows: 2, heads: 2, size: 2, out: 3, image: upTo(4) },
      entries: {
        run: entry(
          {
            inputs: { x: 'float[rows heads size]', ids: 'i32[rows]', keep: 'bool[rows 1]' },
            params: { table: 'float[out heads*size]', weight: 'float[out heads*size]' },
          },
          ({ x, ids, keep }, { table, weight }) => {
            const flat = mergeHeads(x, 'heads*size');
            const picked = gather(table, 'out', ids);
            return { logits: linear(flat, weight), left: where(keep, sub(1, flat), sub(flat, picked)) };
          },
        ),
      },
    }).build({ dtype: 'f32' });
    const [logits, left] = run(program, 'run', {
      x: [1, 2, 3, 4, 5, 6, 7, 8],
      ids: [2, 0],
      keep: [1, 0],
      table: [10, 20, 30, 40, 0, 0, 0, 0, 1, 1, 1, 1],
      weight: [1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1, 1],
    });
    expect(logits).toEqual([1, 2, 10, 5, 6, 26]);
    expect(left).toEqual([0, -1, -2, -3, -5, -14, -23, -32]);
  });
});
