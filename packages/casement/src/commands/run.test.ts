import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build } from '../artifact/build.ts';
import { randomWeights } from '../randomWeights/randomWeights.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const picture = join(root, 'packages/session/golden/image/rgb.png');

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'casement-run-'));
  const example = join(root, 'examples/chat');
  const config: unknown = JSON.parse(await readFile(join(example, 'config.json'), 'utf8'));
  await randomWeights({ config, out: join(dir, 'checkpoint'), dtype: 'f32', processorOf: example });
  await build({ model: join(dir, 'checkpoint'), out: join(dir, 'artifact'), targets: ['onnx'] });
  await build({ model: join(root, 'test/fixtures/text-only'), out: join(dir, 'ids'), targets: ['onnx'] });
});

afterAll(() => rm(dir, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** Runs the command from its sources; interrupts it once it says something, if it is to be. */
function casement(args: readonly string[], { input, interrupt = false }: { input?: string; interrupt?: boolean }) {
  return new Promise<Ended>((resolve) => {
    const tool = join(root, 'test/tools/runTs.mjs');
    const child = spawn(process.execPath, [tool, join(root, 'packages/casement/src/cli.ts'), ...args], { cwd: dir });
    let [out, error] = ['', ''];
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
    });
    if (interrupt) child.stdout.once('data', () => child.kill('SIGINT'));
    child.stderr.on('data', (data: Buffer) => {
      error += data.toString();
    });
    child.on('close', (code) => resolve({ code, out, error }));
    child.stdin.end(input);
  });
}

test('a chat answers line by line, and the first line as a single question does', async () => {
  const flags = ['--max-tokens', '5', '--json', '--system', 'Be brief.'];
  const lines = `/image ${picture}\nWhat is this?\n\nWhy?\n`;
  const chat = await casement(['run', 'artifact', '--chat', ...flags], { input: lines });
  const single = await casement(['run', 'artifact', '--image', picture, '--prompt', 'What is this?', ...flags], {});
  expect([chat.code, single.code, chat.error]).toEqual([0, 0, '']);
  const [first, second, ...rest] = chat.out.trim().split('\n');
  expect(`${first}\n`).toBe(single.out);
  expect(JSON.parse(second ?? '')).toMatchObject({ tokens: { length: 5 }, finish: 'length' });
  expect(rest).toEqual([]);
});

test('Ctrl-C ends an answer and the command', async () => {
  const args = ['run', 'artifact', '--prompt', 'Tell me everything.', '--max-tokens', '4000'];
  const ended = await casement(args, { interrupt: true });
  expect(ended).toMatchObject({ code: 1, error: 'error: interrupted; nothing was left behind\n' });
  expect(ended.out).toMatch(/.\n$/);
});

test.each([
  ['a target that is not known', ['run', 'artifact', '--prompt', 'Hi', '--target', 'cuda']],
  ['no question', ['run', 'artifact']],
  ['no tokenizer', ['run', 'ids', '--prompt', 'Hi']],
])('%s exits with 1 and leaves nothing behind', async (_, args) => {
  const before = await readdir(dir, { recursive: true });
  const { code, out, error } = await casement(args, {});
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(error).toMatchSnapshot();
  expect(await readdir(dir, { recursive: true })).toEqual(before);
});
