/** What another program needs to show the captioner live scenes: nothing of it is bound to Node. */
export { type Captioner, captionFrames, type FrameCaption } from './captionFrames.ts';
export { draw, type Frame } from './draw.ts';
export { createScene, type Scene } from './scene.ts';
export { COLORS, SIDE, SIZES, type Thing } from './world.ts';
