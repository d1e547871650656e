import { argmax } from './argmax.ts';
import { InputError } from './check.ts';
import type { Executor, HostTensor, HostTensors } from './executor.ts';
import { imagePositions, type MergedGrid, textPositions } from './positions.ts';

export interface WindowOptions {
  /** Rows and columns of image tokens; models with positions on three axes (M-RoPE) need it. */
  readonly grid?: MergedGrid;
  readonly signal?: AbortSignal;
}

export interface GenerateOptions {
  readonly maxTokens: number;
  /** Ids that end the answer. The stop token is yielded, and forwarded, so that it is part of the text. */
  readonly stop?: readonly number[];
  readonly signal?: AbortSignal;
}

/**
 * One conversation with a model, on any executor. The model's entries are `step(input_ids, position_ids) → logits` and,
 * for models with images, `openWindow(image_embeds, image_position_ids)`. Text positions count text tokens; images
 * never advance them (CASA.md).
 */
export class Session {
  private textLength = 0;
  private lastLogits: HostTensor | undefined;

  constructor(readonly executor: Executor) {
    const missing = ['input_ids', 'position_ids'].find((name) => !this.takes('step', name));
    if (missing) throw new InputError(`model ${executor.signature.name} has no entry step with an input "${missing}"`);
  }

  /** How many text tokens the model has seen. */
  get position(): number {
    return this.textLength;
  }

  /** Shows a new image, which stands before the next text token, and drops the one before. `image` is [tokens hidden]. */
  async openWindow(image: HostTensor, options: WindowOptions = {}): Promise<void> {
    if (!this.executor.signature.entries.openWindow) {
      throw new InputError(`model ${this.executor.signature.name} takes no images: it has no entry openWindow`);
    }
    const [tokens, hidden] = image.shape;
    if (image.shape.length !== 2 || tokens === undefined || hidden === undefined) {
      throw new InputError(`an image is [tokens, hidden], got [${image.shape.join(', ')}]`);
    }
    const inputs: Record<string, HostTensor> = { image_embeds: { ...image, shape: [1, tokens, hidden] } };
    if (this.takes('openWindow', 'image_position_ids')) {
      inputs.image_position_ids = imagePositions(
        this.textLength,
        tokens,
        this.axes('openWindow', 'image_position_ids'),
        options.grid,
      );
    }
    await this.executor.run('openWindow', inputs, signalOf(options));
  }

  /** Forgets the newest image and the text since it, in the fusion layers; the text history stays. */
  async dropWindow(): Promise<void> {
    for (const dim of Object.keys(this.executor.signature.entries.openWindow?.lengths ?? {}))
      await this.executor.reset(dim);
  }

  /**
   * Feeds text and returns the logits of every token, [tokens vocab]. Text longer than the model's largest chunk is fed
   * in several.
   */
  async prefill(ids: readonly number[], signal?: AbortSignal): Promise<HostTensor> {
    if (ids.length === 0) throw new InputError('prefill needs at least one token');
    const longest = this.executor.signature.dims.seq?.max ?? ids.length;
    const chunks: HostTensor[] = [];
    for (let start = 0; start < ids.length; start += longest) {
      chunks.push(await this.step(ids.slice(start, start + longest), signal));
    }
    return stackRows(chunks);
  }

  /** The likeliest next token after all text so far. Throws when no text was fed yet. */
  likeliest(): number {
    const { data, shape } = this.lastLogits ?? fail('feed text before asking for the next token');
    const [rows = 0, vocab = 0] = shape;
    return argmax(data, (rows - 1) * vocab, vocab);
  }

  /** Continues the text with the likeliest tokens. Every token is forwarded before it is yielded. */
  async *generate({ maxTokens, stop = [], signal }: GenerateOptions): AsyncGenerator<number> {
    for (let i = 0; i < maxTokens; i++) {
      const token = this.likeliest();
      await this.step([token], signal);
      yield token;
      if (stop.includes(token)) return;
    }
  }

  /** Starts over: no text, no image. */
  async reset(): Promise<void> {
    await this.executor.reset();
    this.textLength = 0;
    this.lastLogits = undefined;
  }

  private async step(ids: readonly number[], signal: AbortSignal | undefined): Promise<HostTensor> {
    const inputs: HostTensors = {
      input_ids: { dtype: 'i32', shape: [1, ids.length], data: Int32Array.from(ids) },
      position_ids: textPositions(this.textLength, ids.length, this.axes('step', 'position_ids')),
    };
    const { logits } = await this.executor.run('step', inputs, signalOf({ signal }));
    if (!logits) throw new InputError(`model ${this.executor.signature.name} has no output "logits"`);
    this.textLength += ids.length;
    this.lastLogits = { ...logits, shape: logits.shape.slice(1) };
    return this.lastLogits;
  }

  private takes(entry: string, input: string): boolean {
    return this.executor.signature.entries[entry]?.inputs.some(({ name }) => name === input) ?? false;
  }

  /** How many position axes an input has: 1 for [batch tokens], n for [n batch tokens]. */
  private axes(entry: string, input: string): number {
    const shape = this.executor.signature.entries[entry]?.inputs.find(({ name }) => name === input)?.shape ?? [];
    return shape.length === 3 ? Number(shape[0]) : 1;
  }
}

function signalOf({ signal }: { readonly signal?: AbortSignal | undefined }): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

function fail(problem: string): never {
  throw new InputError(problem);
}

/** Chunks of rows [n vocab] as one tensor. */
function stackRows(chunks: readonly HostTensor[]): HostTensor {
  const [first] = chunks;
  if (first === undefined || chunks.length === 1) return first ?? fail('no rows to stack');
  const rows = chunks.reduce((sum, chunk) => sum + (chunk.shape[0] ?? 0), 0);
  const vocab = first.shape[1] ?? 0;
  const data = new Float32Array(rows * vocab);
  let at = 0;
  for (const chunk of chunks) {
    data.set(chunk.data, at);
    at += chunk.data.length;
  }
  return { dtype: first.dtype, shape: [rows, vocab], data };
}
