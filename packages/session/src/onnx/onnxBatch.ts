import type { Batch } from '../batch.ts';
import { InputError } from '../check.ts';
import type { Executor } from '../executor.ts';
import { serially } from '../serially.ts';
import { Caches } from './caches.ts';
import { type LoadedModel, OnnxExecutor } from './executor.ts';

/** Slots of one model, each with a row of the caches; runs of all slots are serial, but for steps that run as one. */
export class OnnxBatch implements Batch {
  private readonly slots = new Map<number, OnnxExecutor>();
  private readonly caches: Caches;
  private readonly queue = serially();

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
    const row = Array.from({ length: this.rows }, (_, i) => i).find((i) => !this.slots.has(i));
    if (row === undefined) return undefined;
    const close = async () => {
      this.slots.delete(row);
    };
    const slot = new OnnxExecutor(this.model, this.caches, row, close, undefined, this.queue);
    this.slots.set(row, slot);
    return slot;
  }

  async dispose(): Promise<void> {
    for (const slot of [...this.slots.values()]) await slot.dispose();
  }
}
