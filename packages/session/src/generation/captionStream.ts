import { InputError } from '../check.ts';
import type { ImagePatches, ImageTokens, Session } from '../session.ts';
import { continueText, type Generated, openText, type TokenDecoder } from './generate.ts';
import { createSampler } from './sampler.ts';
import { completeSettings, type GenerationSettings } from './settings.ts';

/** The text around the frames; `captionPrompt` of `@casement/session/text` writes it. */
export interface FrameText {
  /** Before the first frame. */
  readonly before: readonly number[];
  /** After the first frame: its delimiters, and the first words of the caption. */
  readonly after: readonly number[];
  /** After every later frame: its delimiters. */
  readonly delimiters: readonly number[];
}

export interface CaptionInputs {
  readonly prompt: FrameText;
  /** `captionSettings` has those of the CASA authors. maxTokens counts per frame. */
  readonly settings: Partial<GenerationSettings>;
  readonly tokenizer?: TokenDecoder;
  readonly signal?: AbortSignal;
}

export interface Caption extends Generated {
  /** Counts frames from 0. */
  readonly frame: number;
}

type Frame = ImagePatches | ImageTokens;

/**
 * Captions frames as they come, for as long as they come, as one answer that never ends. Per frame:
 *
 * 1. the window opens with the new image, and the frame's text is read: the whole prompt around the first frame, only
 *    the delimiters of later ones;
 * 2. tokens are generated until a stop token or `maxTokens`; the image's keys and values stay as they are, the text
 *    caches grow;
 * 3. the stop token is forwarded while the window is still open, so that it becomes part of the text and has seen the
 *    old frame; then the window is dropped. A frame that was cut short gets the stop token that was generated last (at
 *    first: the first one), since a model that was trained on frames ended by it drifts without;
 * 4. the text history stays for the next frame, and so does what the sampler remembers.
 *
 * Every token shown is forwarded, also where the authors' first script loses the last one of a frame that was cut.
 * Frames that arrive while one is captioned wait; skip them in `frames` to keep up with a camera. Source: CASA.md,
 * "Streaming state machine"; kyutai-labs/casa, scripts/live_captioner_ui.py. Throws SettingsError and InputError.
 */
export async function* captionStream(
  session: Session,
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  { prompt, settings, tokenizer, signal }: CaptionInputs,
): AsyncGenerator<Caption> {
  const complete = completeSettings(settings);
  const text = openText(complete, tokenizer);
  const sampler = createSampler(complete);
  const options = signal ? { signal } : {};
  const read = async (ids: readonly number[]): Promise<void> => {
    await session.read(ids, signal);
    sampler.read(ids);
  };
  let [stopToken] = complete.stopTokens;
  if (stopToken === undefined) throw new InputError('captioning needs a stop token: it ends the text of a frame');
  let frame = 0;
  for await (const image of frames) {
    if (frame === 0) await read(prompt.before);
    await session.showImage(image, options);
    await read(frame === 0 ? prompt.after : prompt.delimiters);
    let stopped = false;
    for await (const generated of continueText(session, complete, sampler, text, signal)) {
      stopped = generated.finish === 'stopToken';
      if (stopped) stopToken = generated.token;
      else if (generated.finish) await read([stopToken]);
      if (generated.finish) await session.dropWindow();
      yield { ...generated, frame };
    }
    frame++;
  }
}
