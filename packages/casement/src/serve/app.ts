import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { routePath } from 'hono/route';
import { ApiError, clientLeft, errorBody, unknownHost } from './apiError.ts';
import { bearerKey } from './apiKey.ts';
import { answerChunks, type ChatContext, type RequestState, startAnswer, wholeAnswer } from './chat/chatCompletions.ts';
import { eventStream } from './chat/eventStream.ts';
import { parseRequest } from './chat/parseRequest.ts';
import type { Metrics } from './observe/metrics.ts';
import type { Log, RequestRecord } from './observe/requestRecord.ts';
import type { RequestScopes } from './requestScope.ts';
import { toApiError } from './toApiError.ts';

export interface AppParts extends ChatContext {
  readonly scopes: RequestScopes;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Absent: everyone may ask. */
  readonly checkKey?: (key: string) => boolean;
  /** Whether the server may be called by the name in a `Host` header. */
  readonly checkHost: (header: string | undefined) => boolean;
  /** Pages of these origins may ask. */
  readonly origins: readonly string[];
  /** False when the server is shutting down. */
  readonly isReady: () => boolean;
}

interface Env {
  Bindings: HttpBindings;
  Variables: RequestState;
}

/** The HTTP endpoints; they run in @hono/node-server. */
export function createApp(parts: AppParts): Hono<Env> {
  const { model, limits, scopes, metrics, log, checkKey, checkHost, origins, isReady } = parts;
  const app = new Hono<Env>();

  app.use(async (c, next) => {
    const { incoming, outgoing } = c.env;
    const start = performance.now();
    const record: RequestRecord = {
      time: new Date().toISOString(),
      id: randomUUID(),
      method: incoming.method ?? '',
      route: 'unknown',
      status: 0,
      milliseconds: 0,
    };
    c.set('record', record);
    c.set('signal', scopes.begin(outgoing));
    c.header('x-request-id', record.id);
    outgoing.once('close', () => {
      record.milliseconds = Math.round(performance.now() - start);
      record.status = outgoing.writableFinished ? outgoing.statusCode : 499;
      if (!outgoing.writableFinished) record.disconnected = true;
      metrics.count(record);
      log(record);
    });
    await next();
    const route = routePath(c, -1);
    if (!route.endsWith('*')) record.route = route;
    if (!isReady()) c.header('connection', 'close');
  });

  /** What the client is told of an error; the log is told more of one that is the server's. */
  const tell = (error: unknown, record: RequestRecord, incoming: IncomingMessage): ApiError => {
    const told = error === incoming.errored ? clientLeft() : toApiError(error);
    record.error = told.details.code ?? 'unknown';
    const failure = error instanceof Error ? error.stack : String(error);
    if (told.status === 500) log({ time: new Date().toISOString(), id: record.id, failure });
    return told;
  };

  app.onError((error, c) => {
    const record = c.get('record');
    const told = tell(error, record, c.env.incoming);
    const { retryAfterSeconds } = told.details;
    if (retryAfterSeconds !== undefined) c.header('retry-after', String(retryAfterSeconds));
    if (told.status === 401) c.header('www-authenticate', 'Bearer');
    c.header('x-request-id', record.id);
    return c.json(errorBody(told), told.status);
  });

  app.notFound(() => {
    throw new ApiError(404, 'there is nothing at this URL; see docs/serving.md', { code: 'unknown_url' });
  });

  app.use(async (c, next) => {
    if (!checkHost(c.env.incoming.headers.host)) throw unknownHost();
    await next();
  });

  if (origins.length > 0) app.use('/v1/*', cors({ origin: [...origins], exposeHeaders: ['x-request-id'] }));

  app.use('/v1/*', async (c, next) => {
    if (checkKey && !checkKey(bearerKey(c.req.header('authorization')))) {
      throw new ApiError(401, 'give the API key as "Authorization: Bearer …"', { code: 'invalid_api_key' });
    }
    await next();
  });

  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/readyz', (c) => (isReady() ? c.text('ok\n') : c.text('shutting down\n', 503)));
  app.get('/metrics', async (c) => c.body(await metrics.text(), 200, { 'content-type': metrics.contentType }));

  const listed = { id: model.name, object: 'model', created: model.created, owned_by: 'casement' };
  app.get('/v1/models', (c) => c.json({ object: 'list', data: [listed] }));
  app.get('/v1/models/:id', (c) => {
    if (c.req.param('id') !== model.name) throw new ApiError(404, 'no such model', { code: 'model_not_found' });
    return c.json(listed);
  });

  const tooLarge = () => {
    throw new ApiError(413, `the body is larger than ${limits.bodyBytes} bytes`, { code: 'body_too_large' });
  };
  // Before the body is read: as many are in memory as requests are let in.
  app.post('/v1/chat/completions', async (c, next) => {
    const visit = model.slots.enter();
    c.set('visit', visit);
    await next();
    if (c.error) await visit.leave(); // else the answer's end is the visit's
  });
  app.post('/v1/chat/completions', bodyLimit({ maxSize: limits.bodyBytes, onError: tooLarge }), async (c) => {
    // A page of another site can send text without asking the browser, but not JSON.
    if (!/^application\/json\b/i.test(c.req.header('content-type') ?? '')) {
      throw new ApiError(415, 'send JSON, with content-type: application/json', { code: 'invalid_content_type' });
    }
    const request = parseRequest(parseJson(await c.req.text()));
    const running = startAnswer(parts, request, c.var);
    if (!request.stream) return c.json(await wholeAnswer(running));
    const chunks = answerChunks(running, request.stream_options?.include_usage ?? false);
    const first = await chunks.next();
    const { signal, record } = c.var;
    const { incoming } = c.env;
    const events = eventStream(first.value, chunks, signal, (error) => tell(error, record, incoming));
    // Proxies that collect an answer before they pass it on are asked not to.
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' };
    return c.body(events, 200, headers);
  });

  return app;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, 'the body is not JSON', { code: 'invalid_json' });
  }
}
