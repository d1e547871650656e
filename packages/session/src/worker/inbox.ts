import type { CallResponse } from './protocol.ts';

/** Messages for one call that wait to be taken. */
export class Inbox {
  private readonly waiting: CallResponse[] = [];
  private failure: { readonly reason: unknown } | undefined;
  private wake: () => void = () => {};

  put(response: CallResponse): void {
    this.waiting.push(response);
    this.wake();
  }

  /** Whoever takes a message next gets this reason instead. */
  fail(reason: unknown): void {
    this.failure ??= { reason };
    this.wake();
  }

  async next(): Promise<CallResponse> {
    for (;;) {
      if (this.failure) throw this.failure.reason;
      const response = this.waiting.shift();
      if (response) return response;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
