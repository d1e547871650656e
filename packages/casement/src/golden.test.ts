import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Golden, readConversation, readGolden } from './golden.ts';

const fixture = (name: string) => join(import.meta.dirname, '../../../test/fixtures', name, 'golden.safetensors');

function outline({ ids, images, logits }: Golden) {
  return {
    text: ids.length,
    logits: logits.shape,
    images: images.map(({ start, tokens, patches }) => ({
      start,
      tokens: tokens.embeds.shape,
      ...(tokens.grid ? { grid: tokens.grid } : {}),
      ...(patches ? { patches: patches.grid, values: patches.pixelValues.length } : {}),
    })),
  };
}

describe('a golden', () => {
  it('of image tokens is cut by their lengths', async () => {
    expect(outline(await readGolden(fixture('casa')))).toEqual({
      text: 18,
      logits: [18, 256],
      images: [
        { start: 3, tokens: [12, 64] },
        { start: 11, tokens: [20, 64] },
      ],
    });
  });

  it('of pixels is cut by their grids', async () => {
    expect(outline(await readGolden(fixture('casa-qwen')))).toEqual({
      text: 20,
      logits: [20, 300],
      images: [
        {
          start: 4,
          tokens: [24, 64],
          grid: { rows: 4, columns: 6 },
          patches: { rows: 8, columns: 12 },
          values: 112896,
        },
        { start: 10, tokens: [9, 64], grid: { rows: 3, columns: 3 }, patches: { rows: 6, columns: 6 }, values: 42336 },
      ],
    });
  });

  it('with placeholders is text, and images between it', async () => {
    const golden = await readGolden(fixture('qwen2_5-vl'), { imageToken: 290 });
    expect(golden.ids).toEqual([5, 6, 7, 292, 293, 8, 131, 140, 292, 293, 58, 160, 150, 8, 9, 10]);
    expect(golden.images.map(({ start, tokens }) => [start, tokens.embeds.shape[0]])).toEqual([
      [4, 24],
      [9, 9],
    ]);
    expect(golden.logits.shape).toEqual([16, 300]);
  });

  it('is refused when placeholders are unknown or do not fit', async () => {
    const file = fixture('qwen2_5-vl');
    await expect(readConversation(file)).rejects.toThrow('its images stand where placeholders are in input_ids');
    await expect(readConversation(file, { imageToken: 292 })).rejects.toThrow(
      'the placeholders 292 in input_ids do not fit images of [24, 9] tokens',
    );
  });
});
