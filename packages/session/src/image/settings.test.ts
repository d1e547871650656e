import { expect, it } from 'vitest';
import { readImageSettings } from './settings.ts';

it('reads what Qwen2.5-VL ships', () => {
  const shipped = {
    min_pixels: 3136,
    max_pixels: 12845056,
    patch_size: 14,
    temporal_patch_size: 2,
    merge_size: 2,
    image_mean: [0.48145466, 0.4578275, 0.40821073],
    image_std: [0.26862954, 0.26130258, 0.27577711],
    image_processor_type: 'Qwen2VLImageProcessor',
    processor_class: 'Qwen2_5_VLProcessor',
  };
  expect(readImageSettings(shipped)).toEqual({ ...readImageSettings({}), maxPixels: 12845056 });
  expect(readImageSettings({ image_processor: { min_pixels: 4000 } }).minPixels).toBe(4000);
});

it('lets min_pixels and max_pixels win over size, as transformers does', () => {
  const settings = readImageSettings({ max_pixels: 9000, size: { shortest_edge: 4000, longest_edge: 8000 } });
  expect(settings).toMatchObject({ minPixels: 4000, maxPixels: 9000 });
});

it.each([
  [{ patch_size: 0 }, "the image preprocessor's patch_size must be a whole number above 0, got 0"],
  [{ image_std: [0.5, 0, 0.5] }, "the image preprocessor's image_std must be above 0, got 0"],
  [{ image_mean: [0.5, 0.5] }, 'image_mean must be a number, or one for each of red, green and blue, got [0.5,0.5]'],
  [{ do_resize: 'yes' }, `do_resize must be true or false, got "yes"`],
  [{ resample: 1 }, 'resample 1 is not implemented: only 3 (bicubic) is'],
  [{ min_pixels: 2, max_pixels: 1 }, 'min_pixels 2 is above max_pixels 1'],
])('refuses %j', (config, problem) => {
  expect(() => readImageSettings(config)).toThrow(problem);
});
