import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawTensor, seededRandom } from '@casement/ir';
import { type BatchingExecutor, type Executor, type ImageTokens, Session } from '@casement/session';
import { onnxExecutor } from '@casement/session/onnx';
import { afterAll, describe, expect, test } from 'vitest';
import { build } from '../packages/casement/src/artifact/build.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const temporary: string[] = [];
afterAll(async () => {
  for (const dir of temporary) await rm(dir, { recursive: true });
});

async function openFixture(name: string): Promise<BatchingExecutor> {
  const dir = await mkdtemp(join(tmpdir(), 'casement-batching-'));
  temporary.push(dir);
  const { manifest } = await build({ model: join(fixtures, name), targets: ['onnx'], out: join(dir, 'artifact') });
  const target = manifest.targets.onnx ?? expect.fail('no ONNX target');
  // Windows that are only read keep their own lengths, so that their sequences run one by one.
  expect(target.entries.step?.batch !== undefined).toBe(name !== 'ca');
  return onnxExecutor({ signature: manifest, target, files: join(dir, 'artifact'), threads: 1 });
}

/** What a client does: text, perhaps images of sizes of their own, and tokens one by one in between. */
async function converse(executor: Executor, client: number): Promise<number[]> {
  const session = new Session(executor);
  const { dims, entries } = executor.signature;
  const takesImages = entries.openWindow !== undefined || entries.insertImage !== undefined;
  const tokens: number[] = [];
  const decode = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const logits = session.nextLogits();
      const token = logits.indexOf(Math.max(...logits));
      tokens.push(token);
      await session.read([token]);
    }
  };
  await session.read(Array.from({ length: 1 + ((3 * client) % 7) }, (_, i) => (17 * client + 5 * i) % 200));
  await decode(2 + client);
  for (let turn = 0; takesImages && turn < 2; turn++) {
    const columns = 1 + ((client + turn) % 3);
    await session.showImage(image(entries, columns * 2, columns, client + turn));
    await session.read([3 + client, 9]);
    await decode(4);
    await session.dropWindow();
  }
  await decode(3);
  expect(dims.past?.max ?? 4096).toBeGreaterThan(session.position);
  return tokens;
}

function image(entries: Executor['signature']['entries'], count: number, columns: number, seed: number): ImageTokens {
  const shape = (entries.openWindow ?? entries.insertImage)?.inputs.find(({ name }) => name === 'image_embeds')?.shape;
  const embeds = drawTensor('f32', [count, Number(shape?.at(-1))], 'normal', seededRandom(seed));
  return { embeds, grid: { rows: 2, columns } };
}

describe.each(['casa', 'casa-replace', 'casa-helium-preview', 'casa-qwen-shared', 'ca', 'qwen2_5-vl'])('%s', (name) => {
  test('clients that share a model get the tokens that each gets alone', async () => {
    const executor = await openFixture(name);
    const clients = [0, 1, 2, 3, 4];
    const alone: number[][] = [];
    for (const client of clients) {
      await executor.reset();
      alone.push(await converse(executor, client));
    }
    const batch = executor.openBatch(4);
    const slots = clients.slice(0, 4).map(() => batch.open() ?? expect.fail('no slot'));
    const together = await Promise.all(slots.map((slot, client) => converse(slot, client)));
    expect(together).toEqual(alone.slice(0, 4));
    // A slot that was used before starts afresh, between two that stay as they are.
    await slots[1]?.dispose();
    const again = batch.open() ?? expect.fail('no slot');
    expect(await converse(again, 4)).toEqual(alone[4]);
    await executor.dispose();
  });
});
