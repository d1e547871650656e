import { describe, expect, test } from 'vitest';
import { presets } from './presets.ts';
import { truncateConfig } from './truncateConfig.ts';

describe('truncateConfig', () => {
  test('keeps the first blocks of decoder and image encoder, and the fusion layers and full attention in them', () => {
    const config = {
      num_hidden_layers: 8,
      fusion: { attention: 'ca', layers: [0, 3, 6] },
      vision_config: { depth: 32, fullatt_block_indexes: [1, 3, 15] },
    };
    expect(truncateConfig(config, 4)).toEqual({
      num_hidden_layers: 4,
      fusion: { attention: 'ca', layers: [0, 3] },
      vision_config: { depth: 4, fullatt_block_indexes: [1, 3] },
    });
    expect(config.num_hidden_layers).toBe(8);
  });

  test('looks into text_config, and writes depths that the config leaves to a default', () => {
    expect(truncateConfig({ text_config: { num_hidden_layers: 36 }, vision_config: {} }, 2)).toEqual({
      text_config: { num_hidden_layers: 2 },
      vision_config: { depth: 2 },
    });
  });

  test('makes nothing deeper, and leaves everything else alone', () => {
    expect(truncateConfig(presets.get('2B'), 99)).toEqual(presets.get('2B'));
    expect(truncateConfig(presets.get('3B'), 99)).toEqual(presets.get('3B'));
  });

  test('refuses what is no object', () => {
    expect(() => truncateConfig([], 2)).toThrow('config.json must hold an object');
  });
});
