import { describe, expect, it } from 'vitest';
import { memorySource } from '../index.ts';

const content = Uint8Array.from({ length: 100 }, (_, i) => i);

describe('memorySource', () => {
  const source = memorySource(
    new Map<string, string | Uint8Array>([
      ['a.txt', 'häuser'],
      ['b.bin', content],
    ]),
  );

  it('reads files and ranges', async () => {
    expect(new TextDecoder().decode(await source.read('a.txt'))).toBe('häuser');
    expect(await source.readRange?.('b.bin', 98, 2)).toEqual(Uint8Array.of(98, 99));
  });

  it('names a file that is not there', async () => {
    await expect(source.read('c')).rejects.toThrow('the bundle has no file "c"');
  });
});
