import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadModel } from './loadModel.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'casement-load-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

const model = (
  headDim: number,
) => `import { block, entry, linear, mergeHeads, model, splitHeads, upTo } from 'casement';

interface Unused { readonly gone: number }
const gated = block('gated', {
  inputs: { x: 'float[batch seq hidden]' },
  params: { 'gate.weight': 'float[hidden hidden]' },
}, ({ x }, p) => {
  const unused: Unused = { gone: 1 };
  const h = splitHeads(linear(x, p['gate.weight']), 'heads', 'headDim');
  return mergeHeads(h, 'hidden');
});

export default model('tiny', {
  dims: { batch: 1, hidden: 64, heads: 4, headDim: ${headDim}, seq: upTo(8) },
  entries: { step: entry({ inputs: { x: 'float[batch seq hidden]' } }, ({ x }) => ({ y: gated({ x }) })) },
});
`;

test('a model file is compiled, and its nodes know the lines and columns of their calls', async () => {
  const path = file('good.ts', model(16));
  const { definition } = await loadModel(path);
  const nodes = definition.build({ dtype: 'f32' }).entries.get('step')?.nodes ?? [];
  const places = nodes.map(({ op, origin }) => `${op.name} ${origin.place?.line}:${origin.place?.column}`);
  expect(places).toEqual(['linear 9:24', 'reshape 9:13', 'reshape 10:10']);
  expect(nodes[0]?.origin.place?.file).toBe(path);
});

test('a wrong size shows place, code, scope and both shapes', async () => {
  const { definition } = await loadModel(file('bad.ts', model(15)));
  expect(() => definition.build({ dtype: 'f32' })).toThrowError(
    /64\*seq elements, not 60\*seq[\s\S]*in gated[\s\S]*bad\.ts:9:13/,
  );
});

test('a function gets the config.json of the checkpoint', async () => {
  const source = "import { entry, model, neg } from 'casement';";
  const path = file(
    'from-config.ts',
    `${source}
export default (config: { hidden: number }) => model('sized', {
  dims: { hidden: config.hidden },
  entries: { step: entry({ inputs: { x: 'f32[hidden]' } }, ({ x }) => ({ y: neg(x) })) },
});
`,
  );
  file('config.json', '{ "hidden": 7 }');
  const { definition } = await loadModel(path, dir);
  expect(definition.build({ dtype: 'f32' }).entries.get('step')?.inputs[0]?.type.shape).toEqual([7]);
  await expect(loadModel(path)).rejects.toThrowError(/name its folder with --checkpoint/);
});

test.each([
  ['export const model = 1;', /must export a model/],
  ['export default () => 3;', /must return a model/],
])('%s is refused', async (source, problem) => {
  await expect(loadModel(file(`refused-${source.length}.ts`, source), dir)).rejects.toThrowError(problem);
});
