import type { Batch } from '../batch.ts';
import { InputError } from '../check.ts';
import type { Executor, HostTensor } from '../executor.ts';
import { serially } from '../serially.ts';
import { Caches } from './caches.ts';
import { Conversation } from './conversation.ts';
import type { CheckedCall, LoadedModel } from './loadedModel.ts';
import { planRuns, type WaitingCall } from './planRuns.ts';
import { runTogether } from './runTogether.ts';

interface Promised extends WaitingCall {
  readonly slot: Conversation;
  readonly resolve: (outputs: Record<string, HostTensor>) => void;
  readonly reject: (error: unknown) => void;
}

/** Slots of one model, each with a row of the caches; runs of all slots are serial, but for steps that run as one. */
export class OnnxBatch implements Batch {
  private readonly slots = new Map<number, Conversation>();
  private readonly caches: Caches;
  private readonly queue = serially();
  private waiting: Promised[] = [];

  constructor(
    readonly rows: number,
    private readonly model: LoadedModel,
  ) {
    if (!Number.isInteger(rows) || rows < 1) throw new InputError(`a batch has 1 row or more, got ${rows}`);
    this.caches = new Caches(model.signature, model.target, rows);
  }

  get free(): number {
    return this.rows - this.slots.size;
  }

  open(): Executor | undefined {
    // The lowest free one, so that those in use lie side by side.
    const row = Array.from({ length: this.rows }, (_, i) => i).find((i) => !this.slots.has(i));
    if (row === undefined) return undefined;
    const slot: Conversation = new Conversation(this.model, this.caches, row, {
      close: async () => {
        this.slots.delete(row);
      },
      join: (call) => (this.isStep(call) ? this.join(slot, call) : undefined),
      alone: this.queue,
    });
    this.slots.set(row, slot);
    return slot;
  }

  async dispose(): Promise<void> {
    for (const slot of [...this.slots.values()]) await slot.dispose();
  }

  /** Whether a call adds one row to its states, and the model takes several such calls in a run. */
  private isStep({ entry, lengths: { before, after } }: CheckedCall): boolean {
    const grown = [...after].map(([dim, length]) => length - (before.get(dim) ?? 0));
    return this.model.target.entries[entry]?.batch !== undefined && grown.every((rows) => rows === 1);
  }

  private join(slot: Conversation, call: CheckedCall): Promise<Record<string, HostTensor>> {
    const done = new Promise<Record<string, HostTensor>>((resolve, reject) => {
      this.waiting.push({ slot, row: slot.row, call, resolve, reject });
    });
    void this.queue(() => this.runWaiting());
    return done;
  }

  private async runWaiting(): Promise<void> {
    // Those who got their results together are about to ask for the next: let them catch this run.
    await new Promise((resolve) => setImmediate(resolve));
    let calls: readonly Promised[] = this.waiting;
    this.waiting = [];
    const empty = new Map(this.model.signature.states.map(({ dim }) => [dim, 0] as const));
    const lengthsAt = (row: number) => this.slots.get(row)?.lengths ?? empty;
    for (;;) {
      // Planned anew after each run: rows that have got longer may no longer lie idle within another.
      const [run] = planRuns(this.model, calls, lengthsAt);
      if (run === undefined) return;
      calls = calls.filter((call) => !run.calls.includes(call));
      try {
        const outputs = await runTogether(this.model, this.caches, run);
        run.calls.forEach(({ slot, call, resolve }, i) => {
          slot.finish(call);
          resolve(outputs[i] ?? {});
        });
      } catch (error) {
        for (const { reject } of run.calls) reject(error);
      }
    }
  }
}
