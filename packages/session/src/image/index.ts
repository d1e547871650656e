export { captureImage, decodeImage } from './decodeImage.ts';
export { ImageError } from './error.ts';
export { type ImageHeader, readImageHeader } from './header.ts';
export type { DecodeOptions } from './limit.ts';
export type { ImagePatches, PatchGrid } from './patches.ts';
export { checkCapacity, imageTokens, patchGrid, preprocessImage } from './preprocess.ts';
export type { ImageSize, RgbImage } from './rgbImage.ts';
export { type ImageSettings, readImageSettings } from './settings.ts';
