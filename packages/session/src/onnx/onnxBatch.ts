import type { Batch } from '../batch.ts';
import { InputError } from '../check.ts';
import type { Executor } from '../executor.ts';

/** Slots that share a model's sessions, each with caches of its own. */
export class OnnxBatch implements Batch {
  private readonly slots = new Set<Executor>();

  constructor(
    readonly rows: number,
    private readonly openSlot: (close: () => Promise<void>) => Executor,
  ) {
    if (!Number.isInteger(rows) || rows < 1) throw new InputError(`a batch has 1 row or more, got ${rows}`);
  }

  get free(): number {
    return this.rows - this.slots.size;
  }

  open(): Executor | undefined {
    if (this.free === 0) return undefined;
    const slot: Executor = this.openSlot(async () => {
      this.slots.delete(slot);
    });
    this.slots.add(slot);
    return slot;
  }

  async dispose(): Promise<void> {
    for (const slot of [...this.slots]) await slot.dispose();
  }
}
