import { reasonOf } from '../error.ts';
import type { WeightsSpec } from '../format/manifest.ts';
import { sha256 } from '../sha256.ts';
import {
  browserCaches,
  cacheName,
  chunkAddress,
  clearCachedModels,
  forgetUnused,
  LENGTH_HEADER,
  markUsed,
} from './modelCaches.ts';

/**
 * Chunks of a model's weights by their hash, kept by the browser for the next load. It is never in the way: what it
 * cannot keep, because there is no room or the user forbids it, is loaded from the server as if there were no cache.
 */
export class WeightCache {
  private constructor(
    private readonly model: { readonly name: string; readonly version: string },
    private cache: Cache | undefined,
    /** Why chunks are not kept. */
    private refusal?: string,
  ) {}

  /** Each version of a model has a cache of its own. Undefined where browsers have none. */
  static async open(name: string, weights: WeightsSpec): Promise<WeightCache | undefined> {
    const caches = browserCaches();
    if (caches === undefined) return undefined;
    const shards = weights.shards.map((shard) => shard.sha256).join();
    const model = { name, version: (await sha256(new TextEncoder().encode(shards))).slice(0, 16) };
    try {
      const cache = await caches.open(cacheName(model));
      await markUsed(cache).catch(() => {}); // no room; then there is none for chunks either
      return new WeightCache(model, cache);
    } catch (error) {
      return new WeightCache(model, undefined, reasonOf(error));
    }
  }

  /** Undefined as long as chunks are kept. */
  get problem(): string | undefined {
    return this.refusal && `the weights of "${this.model.name}" are not kept for the next load: ${this.refusal}`;
  }

  async get(hash: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const found = await this.cache?.match(chunkAddress(hash));
      return found && new Uint8Array(await found.arrayBuffer());
    } catch {
      return undefined; // a cache that cannot be read holds nothing
    }
  }

  async put(hash: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.cache === undefined) return;
    try {
      await this.store(hash, bytes).catch(async () => {
        // The most likely reason for a full disk is the model's own past.
        await clearCachedModels(this.model.name, this.model.version);
        await this.store(hash, bytes);
      });
    } catch (error) {
      this.refuse(error);
    }
  }

  /** All weights are on the device: versions of this model that nobody has loaded for a week are forgotten. */
  async complete(): Promise<void> {
    await forgetUnused(this.model).catch(() => {}); // what stays today goes next time
  }

  async drop(hash: string): Promise<void> {
    await this.cache?.delete(chunkAddress(hash)).catch((error: unknown) => this.refuse(error));
  }

  private async store(hash: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = { [LENGTH_HEADER]: String(bytes.byteLength) };
    await this.cache?.put(chunkAddress(hash), new Response(bytes, { headers }));
  }

  /** What was kept so far stays and serves the next load. */
  private refuse(error: unknown): void {
    this.refusal ??= reasonOf(error);
    this.cache = undefined;
  }
}
