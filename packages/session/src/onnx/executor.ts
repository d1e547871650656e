import type { Batch, BatchingExecutor } from '../batch.ts';
import { Caches } from './caches.ts';
import { Conversation } from './conversation.ts';
import type { LoadedModel } from './loadedModel.ts';
import { OnnxBatch } from './onnxBatch.ts';
import { closeSessions, openSessions, type SessionOptions } from './openSessions.ts';

/** Loads a model's ONNX files into ONNX Runtime. Throws when one is missing or cannot be loaded. */
export async function onnxExecutor(options: SessionOptions): Promise<BatchingExecutor> {
  return new OnnxExecutor({ ...options, sessions: await openSessions(options) });
}

/** A conversation of its own, and batches of others. */
class OnnxExecutor extends Conversation implements BatchingExecutor {
  constructor(private readonly loaded: LoadedModel) {
    super(loaded, new Caches(loaded.signature, loaded.target, 1), 0, {
      close: () => closeSessions(loaded.sessions),
      join: () => undefined,
      alone: (job) => job(),
    });
  }

  openBatch(rows: number): Batch {
    return new OnnxBatch(rows, this.loaded);
  }
}
