import { randomInt } from 'node:crypto';
import { captionSettings, type Executor, type GenerationSettings, type ImagePatches, Session } from '@casement/session';
import { ImageError } from '@casement/session/image';
import { captionFrames } from '../../model/captionFrames.ts';
import { errorBody } from '../apiError.ts';
import { finishReason } from '../chat/completion.ts';
import { drawable } from '../chat/settings.ts';
import type { ServedModel } from '../servedModel.ts';
import { checkTextLength } from '../textBound.ts';
import { toApiError } from '../toApiError.ts';
import type { FrameBox } from './frameBox.ts';
import type { ServerMessage, StartMessage } from './protocol.ts';

export interface CaptionLoopParts {
  readonly model: ServedModel;
  readonly executor: Executor;
  readonly box: FrameBox;
  readonly start: StartMessage;
  /** Tokens of a caption, at most. */
  readonly maxTokens: number;
  readonly send: (message: ServerMessage) => void;
  readonly signal: AbortSignal;
}

interface Frame {
  readonly number: number;
  readonly patches: ImagePatches;
}

/**
 * Captions the frames of a box until it ends. The text of all frames stays in the caches; when there is no room for
 * another frame's, the captioning starts over with it. Throws what `captionFrames` throws.
 */
export async function captionLoop(parts: CaptionLoopParts): Promise<void> {
  const { model, executor, start, send, signal } = parts;
  const { files, text } = model;
  checkTextLength(executor.signature, [start.prompt ?? '', start.prefix ?? '']);
  const session = new Session(executor);
  const usual = captionSettings(files.generation.settings.stopTokens ?? []).maxTokens;
  const maxTokens = start.max_tokens ?? Math.min(usual, parts.maxTokens);
  const settings = { ...settingsOf(start), maxTokens };
  const { before, after } = text.delimiters;
  const perFrame = before.length + after.length + maxTokens + 1;
  let next = await readFrame(parts);
  for (let restarted = false; next !== undefined; restarted = true) {
    let current: Frame = next;
    next = undefined;
    if (restarted) send({ type: 'restarted', frame: current.number });
    async function* frames(): AsyncGenerator<ImagePatches> {
      for (let frame: Frame | undefined = current; frame; frame = await readFrame(parts)) {
        if (frame !== current && roomOf(executor) < perFrame) {
          next = frame;
          return;
        }
        current = frame;
        yield frame.patches;
      }
    }
    let caption = '';
    let tokens = 0;
    const instructions = start.prompt === undefined ? [] : [{ role: 'user', content: start.prompt }];
    const prefix = restarted ? '' : (start.prefix ?? '');
    const { readImage } = files;
    for await (const { text: delta, finish } of captionFrames(
      { session, text, readImage, settings: files.generation.settings },
      frames(),
      { instructions, prefix, greedy: start.greedy ?? false, settings, signal },
    )) {
      caption += delta;
      tokens += 1;
      const frame = current.number;
      if (delta !== '') send({ type: 'delta', frame, text: delta });
      if (finish === undefined) continue;
      send({ type: 'caption', frame, text: caption, finish_reason: finishReason(finish), tokens });
      [caption, tokens] = ['', 0];
    }
  }
}

/** The next frame that can be read; of those that cannot the client is told. */
async function readFrame({ model, box, send }: CaptionLoopParts): Promise<Frame | undefined> {
  for (let frame = await box.take(); frame; frame = await box.take()) {
    try {
      return { number: frame.number, patches: await model.files.readImage(frame.file) };
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      send({ type: 'error', frame: frame.number, ...errorBody(toApiError(error)) });
    }
  }
  return undefined;
}

/** How many more tokens of text the caches hold. */
function roomOf({ signature, lengths }: Executor): number {
  const growing = Object.keys(signature.entries.step?.lengths ?? {});
  return Math.min(
    ...growing.map((dim) => (signature.dims[dim]?.max ?? Number.POSITIVE_INFINITY) - (lengths.get(dim) ?? 0)),
  );
}

function settingsOf({
  temperature,
  top_p,
  top_k,
  seed = randomInt(2 ** 32),
}: StartMessage): Partial<GenerationSettings> {
  return {
    seed,
    ...(temperature === undefined ? {} : { temperature: drawable(temperature) }),
    ...(top_p === undefined ? {} : { topP: top_p }),
    ...(top_k === undefined ? {} : { topK: top_k }),
  };
}
