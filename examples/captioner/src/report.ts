import type { FrameCaption } from './captionFrames.ts';
import type { Frame } from './draw.ts';
import { beside, pictureLines } from './terminal.ts';

/** A frame, what is to be said of it, and what was said: by the same CASA model twice, and by one with inserted images. */
export interface Watched {
  readonly truth: string;
  readonly frame: Frame;
  readonly onnx: FrameCaption;
  readonly webgpu: FrameCaption;
  readonly insertion: FrameCaption;
}

/** The newest of the frames, as it is printed when it is captioned. */
export function frameReport(watched: readonly Watched[], { picture }: { readonly picture: boolean }): string {
  const newest = watched.at(-1);
  if (newest === undefined) return '';
  const { truth, frame, onnx, webgpu } = newest;
  const said = (target: string, { text, tokens }: FrameCaption) => [
    `${target.padEnd(7)} ${text}  ${text === truth ? '✓' : '✗'}`,
    `        tokens ${tokens.join(' ')}`,
  ];
  const held = `memory  ${kib(text(onnx))} of text, ${kib(window(onnx))} for the newest image and its caption`;
  const lines = [`frame ${watched.length}`, `truth   ${truth}`, ...said('onnx', onnx), ...said('webgpu', webgpu), held];
  return `${beside(picture ? pictureLines(frame) : [], lines)}\n`;
}

/** What there was to see, for people who know neither CASA nor WebGPU. */
export function whatItShows(watched: readonly Watched[]): string {
  const right = watched.filter(({ truth, onnx, webgpu }) => onnx.text === truth && webgpu.text === truth).length;
  const same = watched.filter(({ onnx, webgpu }) => onnx.tokens.join() === webgpu.tokens.join()).length;
  const marks = [1, Math.ceil(watched.length / 2), watched.length];
  const held = (of: (frame: Watched) => number) =>
    marks.map((mark) => kib(of(watched[mark - 1] as Watched)).padStart(9)).join(''); // marks are within the frames
  return `${right} of ${watched.length} captions are right on both targets, and ${same} have the same tokens on both.

speed             ONNX Runtime ${rate(watched.map(({ onnx }) => onnx))}, WebGPU ${rate(watched.map(({ webgpu }) => webgpu))}
                  (without a GPU, WebGPU runs on SwiftShader, which computes on the processor)

keys and values after frame       ${marks.map((mark) => String(mark).padStart(9)).join('')}
  CASA: newest image, its caption ${held(({ onnx }) => window(onnx))}   one image at a time, however long the video is
  CASA: all text                  ${held(({ onnx }) => text(onnx))}   what was said
  images inserted into the text   ${held(({ insertion }) => text(insertion))}   every image stays, so this and the time per token grow

An image is 16 tokens here. Cameras need 256 to 1,024: then text hardly counts, and insertion grows that much faster.`;
}

function text({ held }: FrameCaption): number {
  return held.get('past') ?? 0;
}

function window({ held }: FrameCaption): number {
  return held.get('window') ?? 0;
}

function kib(bytes: number): string {
  return `${Math.round(bytes / 1024)} KiB`;
}

function rate(frames: readonly FrameCaption[]): string {
  const tokens = frames.reduce((sum, frame) => sum + frame.tokens.length, 0);
  const seconds = frames.reduce((sum, frame) => sum + frame.milliseconds, 0) / 1000;
  return `${Math.round(tokens / seconds)} tokens/s (${Math.round((1000 * seconds) / frames.length)} ms a frame)`;
}
