import { InputError } from './check.ts';
import type { Decoding, Executor, HostTensor, HostTensors, TokenChoice } from './executor.ts';
import {
  imagePositions,
  insertedPositions,
  type MergedGrid,
  type PatchGrid,
  patchPositions,
  slicePositions,
  textPositions,
} from './positions.ts';
import { serially } from './serially.ts';

/** An image as the encoder takes it; `@casement/session/image` makes one from a picture. */
export interface ImagePatches {
  /** A patch per row: [rows · columns, values of a patch]. */
  readonly pixelValues: Float32Array;
  readonly grid: PatchGrid;
}

/** An image as the decoder takes it. */
export interface ImageTokens {
  /** [tokens hidden] */
  readonly embeds: HostTensor;
  /** Models with positions on three axes (M-RoPE) need it. */
  readonly grid?: MergedGrid;
}

export interface ImageOptions {
  readonly signal?: AbortSignal;
}

/**
 * One conversation with a model, on any executor. The model's entry is `step(input_ids, position_ids, logits_to_keep) →
 * logits` (without `logits_to_keep`, it gives the logits of every token of a run); models with images have
 * `openWindow(image_embeds, image_position_ids)`, or `insertImage(image_embeds, position_ids)` if image tokens enter the
 * text stream; and `encodeImage(pixel_values, patch_position_ids) → image_embeds` if they see pixels.
 *
 * Calls are done one after another: one that comes while another is under way waits for it, so that each finds the
 * conversation as a whole call has left it. `position` and `nextLogits` tell of the calls that are done.
 */
export class Session {
  private readonly inTurn = serially();
  private nextPosition = 0;
  private lastLogits: HostTensor | undefined;
  /** Set while the newest logits are where the executor runs, and nowhere else. */
  private decoding: Decoding | undefined;
  /** Counts what was done beside decoding. */
  private changes = 0;

  constructor(readonly executor: Executor) {
    const missing = ['input_ids', 'position_ids'].find((name) => !this.takes('step', name));
    if (missing) throw new InputError(`model ${executor.signature.name} has no entry step with an input "${missing}"`);
  }

  /**
   * The next text token's position: how many text tokens the model has seen. Images do not advance it (CASA.md), unless
   * they are inserted into the text.
   */
  get position(): number {
    return this.nextPosition;
  }

  /** The tokens of an image, to be shown once or several times. Nothing else changes. */
  encodeImage(image: ImagePatches, options: ImageOptions = {}): Promise<ImageTokens> {
    return this.inTurn(() => this.encode(image, options));
  }

  /**
   * Shows an image, which stands before the next text token: opens a window with it, which drops the image before, or
   * inserts its tokens into the text. When an insertion is aborted half way, the conversation must be reset.
   */
  showImage(image: ImagePatches | ImageTokens, options: ImageOptions = {}): Promise<void> {
    return this.inTurn(() => this.show(image, options));
  }

  /** Forgets the newest image and the text since it, in the fusion layers; the text history stays. */
  dropWindow(): Promise<void> {
    return this.inTurn(async () => {
      this.changes++;
      for (const dim of Object.keys(this.executor.signature.entries.openWindow?.lengths ?? {}))
        await this.executor.reset(dim);
    });
  }

  /** Feeds text, or nothing. Only the logits of its last token are computed. */
  read(ids: readonly number[], signal?: AbortSignal): Promise<void> {
    return this.inTurn(async () => {
      for (const { from, to } of this.chunks('step', ids.length)) {
        await this.step(ids.slice(from, to), to === ids.length ? 1 : 0, signal);
      }
    });
  }

  /**
   * Feeds text and returns the logits of every token, [tokens vocab]: at full size gigabytes, where `read` and
   * `nextLogits` do without them. Text longer than the model's largest chunk is fed in several.
   */
  prefill(ids: readonly number[], signal?: AbortSignal): Promise<HostTensor> {
    return this.inTurn(async () => {
      if (ids.length === 0) throw new InputError('prefill needs at least one token');
      const rows: HostTensor[] = [];
      for (const { from, to } of this.chunks('step', ids.length, 'kept')) {
        rows.push(await this.step(ids.slice(from, to), to - from, signal));
      }
      return stackRows(rows);
    });
  }

  /**
   * Logits of the next token after all text so far, [vocab]; a copy. Throws when no text was fed yet, and while they are
   * on the device alone: after tokens that the executor has chosen, `fetchLogits` brings them.
   */
  nextLogits(): Float32Array {
    if (this.decoding) throw new InputError('the newest logits are on the device: await session.fetchLogits() first');
    const { data, shape } = this.lastLogits ?? fail('feed text before asking for the next token');
    return Float32Array.from(data.subarray(data.length - (shape[1] ?? 0)));
  }

  /** Brings the newest logits to the host, if they are not there. */
  fetchLogits(): Promise<void> {
    return this.inTurn(() => this.fetch());
  }

  /** Why the executor would not choose tokens like that (see `decode`), in words; undefined: it would. */
  whyNotDecode(choice: TokenChoice): string | undefined {
    const { decode, target, whyNotDecode } = this.executor;
    if (!decode) return `target ${target} gives logits to the host`;
    return whyNotDecode?.call(this.executor, 'step', choice);
  }

  /**
   * Lets the executor choose the next tokens, which the model reads as they are chosen; the logits stay where they are.
   * Undefined where it cannot; `whyNotDecode` says why. `next` gives undefined once something else was done with the session: decode anew.
   */
  decode(choice: TokenChoice): Promise<{ next(): Promise<number | undefined> } | undefined> {
    return this.inTurn(async () => {
      if (!this.executor.decode || this.whyNotDecode(choice)) return undefined;
      await this.fetch();
      const decoding = await this.executor.decode('step', {
        logits: this.nextLogits(),
        position: this.nextPosition,
        choice,
      });
      if (!decoding) return undefined;
      // Whoever decoded before must start anew, too: its tokens would follow on those of this one.
      const start = ++this.changes;
      const next = async () => {
        if (start !== this.changes) return undefined;
        this.chunks('step', 1);
        const token = await decoding.next();
        this.nextPosition++;
        this.decoding = decoding;
        return token;
      };
      return { next: () => this.inTurn(next) };
    });
  }

  /** Starts over: no text, no image. */
  reset(): Promise<void> {
    return this.inTurn(async () => {
      await this.executor.reset();
      this.changes++;
      this.nextPosition = 0;
      this.lastLogits = undefined;
      this.decoding = undefined;
    });
  }

  private async encode({ pixelValues, grid }: ImagePatches, options: ImageOptions): Promise<ImageTokens> {
    const { name, dims, entries } = this.executor.signature;
    if (!entries.encodeImage) throw new InputError(`model ${name} has no entry encodeImage; give it image tokens`);
    const patches = grid.rows * grid.columns;
    // A token is made of a square of patches, so their number is a multiple of the square's.
    const side = Math.sqrt(dims.patches?.multipleOf ?? 1);
    const inputs: HostTensors = {
      patch_position_ids: patchPositions(grid, side),
      pixel_values: { dtype: 'f32', shape: [patches, pixelValues.length / patches], data: pixelValues },
    };
    await this.decoding?.hold();
    this.changes++;
    const { image_embeds: embeds } = await this.executor.run('encodeImage', inputs, signalOf(options));
    if (!embeds) throw new InputError(`model ${name} has no output "image_embeds"`);
    return { embeds, grid: { rows: grid.rows / side, columns: grid.columns / side } };
  }

  private async show(image: ImagePatches | ImageTokens, options: ImageOptions): Promise<void> {
    const { entries, name } = this.executor.signature;
    if (!entries.openWindow && !entries.insertImage) {
      throw new InputError(`model ${name} takes no images: it has no entry openWindow or insertImage`);
    }
    const { embeds, grid } = 'pixelValues' in image ? await this.encode(image, options) : image;
    if (embeds.shape.length !== 2 || embeds.shape[0] === 0) {
      throw new InputError(`an image is [tokens, hidden], got [${embeds.shape.join(', ')}]`);
    }
    await (entries.openWindow ? this.openWindow(embeds, grid, options) : this.insertImage(embeds, grid, options));
  }

  private async fetch(): Promise<void> {
    if (!this.decoding) return;
    const logits = await this.decoding.logits();
    this.lastLogits = { ...logits, shape: logits.shape.slice(1) };
    this.decoding = undefined;
  }

  private async openWindow(embeds: HostTensor, grid: MergedGrid | undefined, options: ImageOptions): Promise<void> {
    const [tokens = 0] = embeds.shape;
    const name = 'image_position_ids';
    const axes = this.axes('openWindow', name);
    const positions = this.takes('openWindow', name)
      ? { [name]: imagePositions(this.nextPosition, tokens, axes, grid) }
      : {};
    const inputs: HostTensors = { image_embeds: { ...embeds, shape: [1, ...embeds.shape] }, ...positions };
    await this.decoding?.hold();
    this.changes++;
    await this.executor.run('openWindow', inputs, signalOf(options));
  }

  private async insertImage(embeds: HostTensor, grid: MergedGrid | undefined, options: ImageOptions): Promise<void> {
    const [tokens = 0, hidden = 0] = embeds.shape;
    const axes = this.axes('insertImage', 'position_ids');
    const { positions, next } = insertedPositions(this.nextPosition, tokens, axes, grid);
    const chunks = this.chunks('insertImage', tokens);
    options.signal?.throwIfAborted();
    this.changes++;
    // The next text token does not follow on the one before the image.
    [this.lastLogits, this.decoding] = [undefined, undefined];
    for (const { from, to } of chunks) {
      const data = embeds.data.subarray(from * hidden, to * hidden);
      const inputs: HostTensors = {
        image_embeds: { ...embeds, shape: [1, to - from, hidden], data },
        position_ids: slicePositions(positions, from, to),
      };
      await this.executor.run('insertImage', inputs, signalOf(options));
    }
    this.nextPosition = next;
  }

  /**
   * Cuts `tokens` tokens into runs of an entry, none longer than `seq` and the dims `also` may be. Throws InputError when
   * the caches have no room for all of them.
   */
  private chunks(entry: string, tokens: number, ...also: string[]): { readonly from: number; readonly to: number }[] {
    const { dims, entries } = this.executor.signature;
    for (const dim of Object.keys(entries[entry]?.lengths ?? {})) {
      const [held, most] = [this.executor.lengths.get(dim) ?? 0, dims[dim]?.max ?? Number.POSITIVE_INFINITY];
      if (held + tokens <= most) continue;
      throw new InputError(
        `${tokens} tokens do not fit: the states counted by "${dim}" hold ${held} positions of ${most}; ` +
          'build with a larger capacity or reset them',
      );
    }
    const longest = Math.min(...['seq', ...also].map((dim) => dims[dim]?.max ?? tokens));
    return Array.from({ length: Math.ceil(tokens / longest) }, (_, i) => {
      return { from: i * longest, to: Math.min((i + 1) * longest, tokens) };
    });
  }

  /** Runs a chunk, and keeps the logits of its last `kept` tokens: the newest, unless there are none. */
  private async step(ids: readonly number[], kept: number, signal: AbortSignal | undefined): Promise<HostTensor> {
    const inputs: HostTensors = {
      input_ids: { dtype: 'i32', shape: [1, ids.length], data: Int32Array.from(ids) },
      position_ids: textPositions(this.nextPosition, ids.length, this.axes('step', 'position_ids')),
      ...(this.takes('step', 'logits_to_keep') ? { logits_to_keep: lastPlaces(ids.length, kept) } : {}),
    };
    this.changes++;
    const { logits } = await this.executor.run('step', inputs, signalOf({ signal }));
    this.decoding = undefined;
    if (!logits) throw new InputError(`model ${this.executor.signature.name} has no output "logits"`);
    this.nextPosition += ids.length;
    const rows = { ...logits, shape: logits.shape.slice(1) };
    this.lastLogits = rows.data.length > 0 ? rows : undefined;
    return rows;
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

/** The last `kept` places of a chunk: i32[kept]. */
function lastPlaces(length: number, kept: number): HostTensor {
  return { dtype: 'i32', shape: [kept], data: Int32Array.from({ length: kept }, (_, i) => length - kept + i) };
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
