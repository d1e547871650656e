import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GraphBuilder, ops, type Program, parseTypeText } from '@casement/ir';
import { describe, expect, test } from 'vitest';
import { loadModel } from '../../load/loadModel.ts';
import { drawBlock } from './drawBlock.ts';
import type { Arrow, Drawing } from './drawing.ts';
import { drawingOf } from './drawingOf.ts';
import { layoutDrawing } from './layout.ts';

const fixtures = fileURLToPath(new URL('../../../../../test/fixtures', import.meta.url));
const programOf = async (name: string) => (await loadModel(join(fixtures, name))).definition.build({ dtype: 'f32' });

function drawn(program: Program, scope: string, depth = 1): Drawing {
  const graph = program.entries.get('step');
  if (graph === undefined) throw new Error('no step');
  return drawingOf(program, graph, scope, depth);
}

/** `add -residual-> add`, by the first lines of the boxes. */
function arrowsOf({ boxes, arrows }: Drawing, kind: Arrow['kind']): string[] {
  const label = (id: string) => boxes.find((box) => box.id === id)?.lines[0]?.text;
  return arrows
    .filter((arrow) => arrow.kind === kind)
    .map(({ from, to, both }) => `${label(from)} ${both ? '<' : ''}-> ${label(to)}`);
}

describe('a block with CASA beside self-attention', async () => {
  const program = await programOf('casa');
  const drawing = drawn(program, 'model.layers.1');

  test('shows what it calls, its ports and its caches', () => {
    expect(drawing.boxes.map(({ kind, lines }) => [kind, ...lines.map(({ text }) => text)].join(' | '))).toEqual([
      'input | model.layers.0: add | f32[1 seq 64]',
      'input | position_ids | i32[1 seq]',
      'block | input_layernorm | rmsNorm | weight [64]',
      'block | self_attn | 4 linear, 2 rope, 2 append, | attention | 4 params, 12.3 k',
      'block | casa_attn | 4 linear, 2 rope, 2 append, | attention | 4 params, 12.3 k',
      'nodes | add',
      'nodes | add',
      'block | post_attention_layernorm | rmsNorm | weight [64]',
      'block | mlp | 3 linear, swiglu | 3 params, 33.8 k',
      'nodes | add',
      'output | to model.layers.2 | f32[1 seq 64]',
      'state | self_attn.past_key_values: key, value | f32[1 past 2 16]',
      'state | casa_attn.window: key, value | f32[1 window 2 16]',
    ]);
  });

  test('shows where data goes, and what goes around', () => {
    expect(arrowsOf(drawing, 'residual')).toEqual(['model.layers.0: add -> add', 'add -> add']);
    expect(arrowsOf(drawing, 'state')).toEqual([
      'self_attn.past_key_values: key, value <-> self_attn',
      'casa_attn.window: key, value <-> casa_attn',
    ]);
    expect(arrowsOf(drawing, 'flow')).toContain('input_layernorm -> casa_attn');
    expect(arrowsOf(drawing, 'flow').filter((arrow) => arrow.endsWith('-> add'))).toHaveLength(4);
  });

  test('opens blocks', () => {
    const opened = drawn(program, 'model.layers.1', 2);
    expect(opened.frames.map(({ name }) => name)).toContain('casa_attn');
    const linears = opened.boxes.filter(({ frame }) => frame === 'model.layers.1.mlp').map(({ lines }) => lines);
    expect(linears.map((lines) => lines.map(({ text }) => text).join())).toEqual([
      'linear,gate_proj.weight [176 64]',
      'linear,up_proj.weight [176 64]',
      'swiglu',
      'linear,down_proj.weight [64 176]',
    ]);
  });

  test('chains ops only where nothing else comes in', () => {
    const builder = new GraphBuilder('step');
    const [x, y] = ['x', 'y'].map((name) => builder.input(name, parseTypeText('f32[4]')));
    if (x === undefined || y === undefined) throw new Error('no inputs');
    const half = builder.emit(ops.constant, [], { dtype: 'f32', shape: [], values: [0.5] });
    const halved = builder.emit(ops.mul, [builder.emit(ops.exp, [x], {}), half], {});
    builder.output('z', builder.emit(ops.neg, [builder.emit(ops.add, [halved, y], {})], {}));
    const graph = builder.finish();
    const { boxes } = drawingOf({ ...program, entries: new Map([['step', graph]]) }, graph, '', 1);
    const chains = boxes.filter(({ kind }) => kind === 'nodes').map(({ lines }) => lines.map(({ text }) => text));
    expect(chains).toEqual([
      ['exp', 'mul 0.5'],
      ['add', 'neg'],
    ]);
  });

  test('a box alone opens by itself, and layers are boxes of their own', () => {
    const names = drawn(program, '').boxes.map(({ lines }) => lines[0]?.text);
    expect(names).toContain('model');
    expect(drawn(program, 'model').boxes.map(({ lines }) => lines[0]?.text)).toContain('layers.3');
  });

  test('boxes do not touch, and all lies inside the picture', async () => {
    const { boxes, arrows, width, height } = await layoutDrawing(drawing);
    for (const [index, { area }] of boxes.entries()) {
      expect(area.left).toBeGreaterThan(0);
      expect(area.left + area.width).toBeLessThan(width);
      expect(area.top + area.height).toBeLessThanOrEqual(height);
      for (const { area: other } of boxes.slice(index + 1)) {
        const apart =
          area.left + area.width <= other.left ||
          other.left + other.width <= area.left ||
          area.top + area.height <= other.top ||
          other.top + other.height <= area.top;
        expect(apart).toBe(true);
      }
    }
    for (const { x } of arrows.flatMap(({ points }) => points)) expect(x > 0 && x < width).toBe(true);
  });

  test('an SVG file in two themes', async () => {
    const svg = await drawBlock(program, { scope: 'model.layers.1' });
    expect(svg).toContain('<title>casa_llama: model.layers.1 in step</title>');
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg.match(/<rect class="block"/g)).toHaveLength(5 + 1); // and in the legend
  });

  test('the first entry that has the scope, unless one is named', async () => {
    expect(await drawBlock(program, { scope: 'model.layers.1', entry: 'openWindow' })).toContain('in openWindow');
    await expect(drawBlock(program, { scope: 'model.layers.1.mlp', entry: 'openWindow' })).rejects.toThrow(
      'entry openWindow has no scope "model.layers.1.mlp"',
    );
    await expect(drawBlock(program, { entry: 'stp' })).rejects.toThrow(
      'there is no entry "stp" (did you mean "step"?); there are step, openWindow',
    );
    await expect(drawBlock(program, { scope: 'model.layer.1' })).rejects.toThrow(
      'has no scope "model.layer.1" (did you mean "model.layers.1"?); it has model, model.layers, model.layers.*, ',
    );
  });
});
