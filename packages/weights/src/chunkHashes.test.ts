import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { chunkHasher } from './chunkHashes.ts';

const MIB = 2 ** 20;

it.each([0, 1, 4 * MIB, 4 * MIB + 1, 9 * MIB])('hashes every part of %i bytes, however they come', (length) => {
  const content = Uint8Array.from({ length }, (_, i) => i % 251);
  const expected = Array.from({ length: Math.ceil(length / (4 * MIB)) }, (_, i) => {
    return createHash('sha256')
      .update(content.subarray(i * 4 * MIB, (i + 1) * 4 * MIB))
      .digest('hex');
  });
  for (const step of [3 * MIB + 7, 5 * MIB]) {
    const hasher = chunkHasher();
    for (let at = 0; at < length; at += step) hasher.update(content.subarray(at, at + step));
    expect(hasher.digest()).toEqual({ bytes: 4 * MIB, sha256: expected });
  }
});
