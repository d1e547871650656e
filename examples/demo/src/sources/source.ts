import type { Frame } from '../../../captioner/src/draw.ts';

/** Where frames come from. */
export interface FrameSource {
  /** The next frame; waits for as long as it takes to show it to people. Undefined when there are no more. */
  next(): Promise<Shown | undefined>;
  stop(): void;
}

export interface Shown {
  readonly frame: Frame;
  /** What happened, where that is known. */
  readonly truth?: string;
  /** It has nothing to do with the frames before: what was said of them is to be forgotten. */
  readonly anew?: boolean;
}

/** How fast frames come: milliseconds that one is to be seen, and whether things glide between two. */
export interface Pace {
  readonly milliseconds: number;
  readonly glide: boolean;
}

export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
