import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { requireSpace } from './requireSpace.ts';

test('says how much is missing before anything is written', async () => {
  await requireSpace(tmpdir(), 1);
  await expect(requireSpace(tmpdir(), 2 ** 60)).rejects.toThrow(
    /^1048576 TiB of weights do not fit: the disk of --out has [\d.]+ [KMGT]iB left; free some/,
  );
});
