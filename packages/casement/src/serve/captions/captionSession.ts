import { randomUUID } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import { requireCaptions } from '../../model/captionFrames.ts';
import { ApiError, errorBody } from '../apiError.ts';
import { checkPixels } from '../images/imageUrl.ts';
import type { Limits } from '../limits.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Log, RequestRecord } from '../observe/requestRecord.ts';
import type { ServedModel } from '../servedModel.ts';
import { toApiError } from '../toApiError.ts';
import { captionLoop } from './captionLoop.ts';
import { FrameBox } from './frameBox.ts';
import { CLOSE, type ClientMessage, clientMessageSchema, type ServerMessage, type StartMessage } from './protocol.ts';

export interface CaptionParts {
  readonly model: ServedModel;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** A client that reads no text may leave this much of it waiting. */
const MOST_UNSENT_BYTES = 2 ** 20;

/** A client's conversation over a WebSocket, from its first message to its end; see docs/serving.md. */
export class CaptionSession {
  private readonly id = randomUUID();
  private readonly began = performance.now();
  private readonly box = new FrameBox();
  private readonly over = new AbortController();
  private readonly record: RequestRecord;
  private started = false;
  private frames = 0;
  /** When the newest frame came, `performance.now()`. */
  private newest = 0;
  private closing: number = CLOSE.done;
  private idle: NodeJS.Timeout;

  constructor(
    private readonly socket: WebSocket,
    private readonly parts: CaptionParts,
  ) {
    const time = new Date().toISOString();
    this.record = { time, id: this.id, method: 'GET', route: '/v1/captions', status: 101, milliseconds: 0, frames: 0 };
    this.idle = this.watch(0);
    socket.on('message', (data, isBinary) => this.guard(() => this.receive(data, isBinary)));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => this.end());
  }

  /** Ends the session when the frame that is captioned is done. */
  stop(code: number): void {
    this.closing = code;
    this.box.end();
    if (!this.started) this.socket.close(code);
  }

  /** Ends it at once. */
  abort(reason: ApiError): void {
    this.over.abort(reason);
    this.fail(reason);
  }

  private receive(data: RawData, isBinary: boolean): void {
    if (isBinary) {
      this.receiveFrame(
        Buffer.isBuffer(data) ? data : Buffer.concat([data].flat().map((part) => new Uint8Array(part))),
      );
      return;
    }
    const message = parseMessage(String(data));
    if (message.type === 'stop') this.stop(CLOSE.done);
    else if (this.started) throw refused('the session has started already');
    else {
      if ((message.max_tokens ?? 1) > this.parts.limits.maxTokens) {
        throw refused(`max_tokens: the server gives at most ${this.parts.limits.maxTokens} tokens`);
      }
      this.started = true;
      void this.run(message);
    }
  }

  private receiveFrame(file: Uint8Array): void {
    if (!this.started) throw refused('the first message must be {"type": "start"}');
    const number = this.frames++;
    this.record.frames = this.frames;
    this.newest = performance.now();
    try {
      checkPixels(file, this.parts.limits.imagePixels);
    } catch (error) {
      this.send({ type: 'error', frame: number, ...errorBody(toApiError(error)) });
      return;
    }
    const skipped = this.box.put({ number, file });
    if (skipped === undefined) return;
    this.parts.metrics.countFrame('skipped', 0);
    this.send({ type: 'skipped', frame: skipped });
  }

  private async run(start: StartMessage): Promise<void> {
    const { model, limits } = this.parts;
    const { signal } = this.over;
    try {
      requireCaptions(model.files.manifest, model.text);
      const visit = model.slots.enter();
      try {
        const executor = await visit.executor(signal);
        this.send({ type: 'ready', session: this.id, model: model.name });
        const send = (message: ServerMessage) => this.send(message);
        const { maxTokens } = limits;
        await captionLoop({ model, executor, box: this.box, start, maxTokens, send, signal });
      } finally {
        await visit.leave();
      }
      this.socket.close(this.closing);
    } catch (error) {
      this.fail(error);
    }
  }

  private send(message: ServerMessage): void {
    if (message.type === 'caption') {
      this.parts.metrics.countFrame('captioned', message.tokens);
      this.record.completionTokens = (this.record.completionTokens ?? 0) + message.tokens;
    }
    if (this.socket.bufferedAmount > MOST_UNSENT_BYTES) this.socket.terminate();
    else if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    const told = toApiError(error);
    this.record.error ??= told.details.code ?? 'unknown';
    if (told.status === 500) {
      this.parts.log({
        time: new Date().toISOString(),
        id: this.id,
        failure: error instanceof Error ? error.stack : '',
      });
    }
    this.send({ type: 'error', ...errorBody(told) });
    this.socket.close(closeCode(told));
    this.box.end();
  }

  /** Ends the session when the client, after so many quiet milliseconds, stays quiet for as long as it may. */
  private watch(quiet: number): NodeJS.Timeout {
    const { idleSeconds } = this.parts.limits;
    return setTimeout(
      () => {
        const quietNow = this.quietMilliseconds();
        if (quietNow < idleSeconds * 1000) this.idle = this.watch(quietNow);
        else this.abort(new ApiError(408, `no frame came for ${idleSeconds} seconds`, { code: 'idle' }));
      },
      idleSeconds * 1000 - quiet,
    );
  }

  /** For how long the client could have sent something: not while it waits for its turn, or for the caption of a frame. */
  private quietMilliseconds(): number {
    const since = this.started ? this.box.waitingSince : this.began;
    return since === undefined ? 0 : performance.now() - Math.max(since, this.newest);
  }

  private end(): void {
    clearTimeout(this.idle);
    this.box.end();
    this.over.abort(new ApiError(400, 'the client left', { code: 'client_left' }));
    this.record.milliseconds = Math.round(performance.now() - this.began);
    this.parts.metrics.count(this.record);
    this.parts.log(this.record);
  }
}

function parseMessage(text: string): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused('the message is not JSON');
  }
  const result = clientMessageSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw refused(`${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'not valid'}`);
}

function refused(problem: string): ApiError {
  return new ApiError(400, problem, { code: 'invalid_message' });
}

function closeCode({ status, details }: ApiError): number {
  if (details.code === 'idle') return CLOSE.idle;
  if (details.code === 'shutting_down') return CLOSE.shuttingDown;
  if (status === 429 || status === 503) return CLOSE.busy;
  return status < 500 ? CLOSE.refused : CLOSE.failed;
}
