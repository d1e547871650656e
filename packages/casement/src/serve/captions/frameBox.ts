export interface NumberedFrame {
  readonly number: number;
  readonly file: Uint8Array;
}

/** Holds the newest frame until it is asked for: a camera is faster than a model, and old frames are worth nothing. */
export class FrameBox {
  private held: NumberedFrame | undefined;
  private wake = () => {};
  private asked: number | undefined;
  private ended = false;

  /** Since when somebody waits for a frame (`performance.now()`); undefined while nobody does. */
  get waitingSince(): number | undefined {
    return this.asked;
  }

  /** Puts a frame in; gives the number of the one that it replaces. */
  put(frame: NumberedFrame): number | undefined {
    const replaced = this.held?.number;
    this.held = frame;
    this.wake();
    return replaced;
  }

  /** No frame comes any more; one that is held is still given out. */
  end(): void {
    this.ended = true;
    this.wake();
  }

  /** Waits for a frame and takes it out; undefined after the last. */
  async take(): Promise<NumberedFrame | undefined> {
    this.asked = performance.now();
    while (this.held === undefined && !this.ended) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    this.asked = undefined;
    const frame = this.held;
    this.held = undefined;
    return frame;
  }
}
