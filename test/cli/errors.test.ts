import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RawTensors, readTensors, writeTensors } from '../support/safetensors.ts';
import { casement, REPOSITORY } from './casement.ts';

const fixture = join(REPOSITORY, 'test/fixtures/casa');
let cwd: string;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'cli-'));
  await mkdir(join(cwd, 'foreign'));
  await writeFile(join(cwd, 'foreign', 'thesis.tex'), 'years of work');
  await writeFile(join(cwd, 'model.ts'), MODEL);
  await mkdir(join(cwd, 'no-config'));
  await checkpoint('right');
  await checkpoint('broken-config', { config: () => '{ "model_type": "casa_llama",' });
  await checkpoint('unknown-type', { config: (text) => text.replace('casa_llama', 'casa_lama') });
  await checkpoint('bad-fields', {
    config: (text) => text.replace('"hidden_size": 64', '"hidden_size": "64"').replace('"parallel"', '"sideways"'),
  });
  await checkpoint('missing', {
    tensors: ({ 'model.layers.1.mlp.up_proj.weight': weight, ...rest }) =>
      weight ? { ...rest, 'model.layers.1.mlp.up_projection.weight': weight } : rest,
  });
  await checkpoint('extra', {
    tensors: (tensors) => ({
      ...tensors,
      'model.rotary_emb.inv_freq': { dtype: 'F32', shape: [2], bytes: new Uint8Array(8) },
    }),
  });
  await checkpoint('wrong-shape', {
    tensors: ({ 'lm_head.weight': head, ...rest }) =>
      head ? { ...rest, 'lm_head.weight': { ...head, shape: [64, 256] } } : rest,
  });
  await checkpoint('tied', {
    config: (text) => text.replace('"tie_word_embeddings": false', '"tie_word_embeddings": true'),
    tensors: ({ 'model.embed_tokens.weight': embed, ...rest }) =>
      embed ? { ...rest, 'model.embed_tokens.weight': embed, 'lm_head.weight': embed } : rest,
  });
  await checkpoint('truncated');
  await truncate(join(cwd, 'truncated', 'model.safetensors'), 100_000);
});
afterAll(() => rm(cwd, { recursive: true }));

/** A model of the user's that splits 64 elements into 4 heads of 15. */
const MODEL = `import { block, entry, linear, model, splitHeads, upTo } from 'casement';

const heads = block(
  'heads',
  { inputs: { x: 'float[batch seq hidden]' }, params: { 'q.weight': 'float[hidden hidden]' } },
  ({ x }, p) => splitHeads(linear(x, p['q.weight']), 'heads', 'headDim'),
);

export default model('tiny', {
  dims: { batch: 1, hidden: 64, heads: 4, headDim: 15, seq: upTo(8) },
  entries: { step: entry({ inputs: { x: 'float[batch seq hidden]' } }, ({ x }) => ({ y: heads({ x }) })) },
});
`;

interface Changes {
  config?(text: string): string;
  tensors?(tensors: RawTensors): RawTensors;
}

/** A copy of a right checkpoint with something changed. */
async function checkpoint(name: string, { config, tensors }: Changes = {}): Promise<void> {
  const folder = join(cwd, name);
  await cp(fixture, folder, { recursive: true });
  if (config) await writeFile(join(folder, 'config.json'), config(readFileSync(join(fixture, 'config.json'), 'utf8')));
  const weights = join(folder, 'model.safetensors');
  if (tensors) writeTensors(weights, tensors(await readTensors(weights)));
}

it.each([
  ['a file that does not exist', 'build nothing.ts --out out'],
  ['no --out', 'build right'],
  ['a target that does not exist', 'build right --target cuda --out out'],
  ['a folder without config.json', 'build no-config --out out'],
  ['a config.json that is no JSON', 'build broken-config --out out'],
  ['an unknown model_type', 'build unknown-type --out out'],
  ['fields that are not understood', 'build bad-fields --out out'],
  ['a missing weight', 'build missing --out out'],
  ['an extra weight', 'build extra --out out'],
  ['a weight of the wrong shape', 'build wrong-shape --out out'],
  ['a truncated file', 'build truncated --out out'],
  ["a folder of somebody's as --out", 'build right --out foreign'],
  ['a file as --out', 'build right --out model.ts'],
  ['a model file without weights', 'build model.ts --out out'],
  ['a wrong size in a model file', 'build model.ts --checkpoint right --out out'],
  ['a golden that does not exist', 'verify right --golden nothing.safetensors'],
  ['a file without logits as golden', 'verify right --golden right/model.safetensors'],
  ['a folder that is no artifact', 'run right --input right/golden.safetensors'],
  ['a command that does not exist', 'biuld right --out out'],
])('%s', async (_, command) => {
  const before = await readdir(cwd, { recursive: true });
  const { status, stdout, stderr } = await casement(cwd, command.split(' '));
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  // Newer versions of Node say where JSON breaks off in lines and columns too.
  const text = stderr.replaceAll(cwd, '/home/me').replace(/ \(line \d+ column \d+\)/, '');
  expect(`\n$ casement ${command}\n${text}`).toMatchSnapshot();
  expect(await readdir(cwd, { recursive: true })).toEqual(before);
});

it.each([
  ['an extra weight that it is told to accept', 'build extra --allow-extra --out extra-out'],
  ['tied weights that are stored twice', 'build tied --out tied-out'],
])('accepts %s', async (_, command) => {
  const { status, stderr } = await casement(cwd, command.split(' '));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
