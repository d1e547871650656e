import { chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { unpackOnce } from './unpack-once.ts';

let scratch: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'unpack-once-'));
  vi.stubEnv('XDG_CACHE_HOME', join(scratch, 'cache'));
  vi.stubEnv('TMPDIR', scratch);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(scratch, { recursive: true });
});

const fillWith = (text: string) => vi.fn(async (folder: string) => writeFile(join(folder, 'file'), text));

/** Makes the preferred cache folder impossible, for root too: a file stands where a folder should be. */
async function blockCacheHome(): Promise<void> {
  await writeFile(join(scratch, 'block'), '');
  vi.stubEnv('XDG_CACHE_HOME', join(scratch, 'block'));
}

describe('unpackOnce', () => {
  it('fills a folder once and finds it afterwards', async () => {
    const first = await unpackOnce('thing-1', fillWith('one'));
    const again = fillWith('two');
    expect(await unpackOnce('thing-1', again)).toBe(first);
    expect(again).not.toHaveBeenCalled();
    expect(first).toBe(join(scratch, 'cache', 'casement', 'thing-1'));
    expect(await readFile(join(first, 'file'), 'utf8')).toBe('one');
  });

  it('gives several that unpack at once the same complete folder, and leaves nothing else', async () => {
    const slow = async (folder: string) => {
      await writeFile(join(folder, 'first'), '1');
      await setTimeout(20);
      await writeFile(join(folder, 'second'), '2');
    };
    const folders = await Promise.all([1, 2, 3].map(() => unpackOnce('thing-1', slow)));
    expect(new Set(folders).size).toBe(1);
    expect(await readdir(join(scratch, 'cache', 'casement'))).toEqual(['thing-1']);
    expect((await readdir(folders[0] ?? '')).sort()).toEqual(['first', 'second']);
  });

  it('leaves nothing behind when filling fails, and tries again', async () => {
    const broken = unpackOnce('thing-1', async (folder) => {
      await writeFile(join(folder, 'half'), '');
      throw new Error('disk full');
    });
    await expect(broken).rejects.toThrow('disk full');
    expect(await readdir(join(scratch, 'cache', 'casement'))).toEqual([]);
    await unpackOnce('thing-1', fillWith('whole'));
    expect(await readdir(join(scratch, 'cache', 'casement', 'thing-1'))).toEqual(['file']);
  });

  it('takes a private folder in the temporary directory when the cache cannot be written', async () => {
    await blockCacheHome();
    const folder = await unpackOnce('thing-1', fillWith('one'));
    expect(folder.startsWith(join(scratch, 'casement'))).toBe(true);
  });

  it.runIf(process.getuid?.() === 0)('does not trust a folder of another user', async () => {
    await blockCacheHome();
    const planted = join(scratch, 'casement-0');
    await mkdir(planted);
    await chown(planted, 12345, 12345);
    const error: Error = await unpackOnce('thing-1', fillWith('one')).then(
      () => expect.fail('trusted it'),
      (e) => e,
    );
    expect(error.message.replaceAll(scratch, 'SCRATCH')).toMatchInlineSnapshot(
      `"No cache folder: neither SCRATCH/block/casement nor SCRATCH/casement-0 is a folder of yours that can be written. Set XDG_CACHE_HOME to one."`,
    );
  });
});
