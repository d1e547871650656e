import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serially } from '@casement/session';
import { TextError } from '@casement/session/text';
import { getRequestListener } from '@hono/node-server';
import type { Target } from '../artifact/compile.ts';
import { UserError } from '../error.ts';
import { type ModelFiles, readModel } from '../model/readModel.ts';
import { stateBytes } from '../model/stateBytes.ts';
import { hostChecker } from './allowedHosts.ts';
import { ApiError } from './apiError.ts';
import { keyChecker } from './apiKey.ts';
import { createApp } from './app.ts';
import { acceptCaptions } from './captions/acceptCaptions.ts';
import { openEngine } from './engine.ts';
import { readImageUrl } from './images/imageUrl.ts';
import { completeLimits, type Limits } from './limits.ts';
import { createMetrics } from './observe/metrics.ts';
import { type Log, logToStdout } from './observe/requestRecord.ts';
import { RequestScopes } from './requestScope.ts';
import { Slots } from './slots.ts';

export interface ServeOptions {
  /** A folder made by `build`. */
  readonly artifact: string;
  /** Default: what the artifact was built for, ONNX first. */
  readonly target?: Target;
  /** Default: 127.0.0.1, which only this machine reaches. */
  readonly host?: string;
  /** 0 takes a free one. Default: 8000. */
  readonly port?: number;
  /** Clients must give it. Default: none, so everyone may ask who reaches the port. */
  readonly apiKey?: string;
  /** Under which clients ask for the model. Default: the manifest's. */
  readonly name?: string;
  /** Hosts from which pictures may be downloaded over https, as they stand in URLs. Default: none. */
  readonly allowImagesFrom?: readonly string[];
  /** Origins of pages that may ask. Default: none. */
  readonly allowOrigins?: readonly string[];
  /** Bound of height × width to which pictures are shrunk; default: the checkpoint's. */
  readonly maxPixels?: number;
  /** Of a run on the CPU. Default: one for each core. */
  readonly threads?: number;
  readonly limits?: Partial<Limits>;
  /** Gets a record of every request. Default: a line of JSON on the standard output. */
  readonly log?: Log;
}

export interface Server {
  /** `http://host:port`. */
  readonly url: string;
  /** Conversations at the same time. */
  readonly sessions: number;
  /** Bytes of caches that each of them may fill. */
  readonly cacheBytes: number;
  /** Takes no more requests, waits for those that go on as long as the limits say, and frees everything; once. */
  close(): Promise<void>;
}

/** Milliseconds for headers and for a body to come: who sends a byte now and then is cut. */
const ARRIVAL = { headersTimeout: 15_000, requestTimeout: 60_000, connectionsCheckingInterval: 5_000 };

/**
 * Loads an artifact and serves it with OpenAI's chat-completions API; see docs/serving.md. Throws UserError, TextError and
 * the system's errors when the folder, or the port, cannot be used.
 */
export async function serve(options: ServeOptions): Promise<Server> {
  const limits = completeLimits(options.limits);
  const host = options.host ?? '127.0.0.1';
  const origins = options.allowOrigins ?? [];
  const hosts = new Set((options.allowImagesFrom ?? []).map(imageHost));
  const checkKey = options.apiKey === undefined ? undefined : keyChecker(options.apiKey);
  const files = await readModel(options.artifact, options.maxPixels);
  const text = files.text ?? noTokenizer(options.artifact);
  const { manifest } = files;
  const target = options.target ?? (manifest.targets.onnx ? 'onnx' : 'webgpu');
  const sessions = options.limits?.sessions ?? (target === 'onnx' ? limits.sessions : 1);
  const engine = await openEngine(options.artifact, manifest, { target, sessions, threads: options.threads });
  const slots = new Slots(engine.batch, limits.queue);
  const scopes = new RequestScopes(limits.requestSeconds);
  let ready = true;
  const parts = {
    model: {
      name: options.name ?? manifest.name,
      fingerprint: `fp_${manifest.weights.shards
        .map(({ sha256 }) => sha256.slice(0, 6))
        .join('')
        .slice(0, 12)}`,
      created: Math.floor(Date.now() / 1000),
      files: oneAtATime(files),
      text,
      slots,
    },
    limits,
    metrics: createMetrics(slots, engine.batch.rows),
    log: options.log ?? logToStdout,
    origins,
    checkHost: hostChecker({ host, keyed: checkKey !== undefined, origins }),
    isReady: () => ready,
    ...(checkKey ? { checkKey } : {}),
  };
  const readUrl = (url: string, signal: AbortSignal) => readImageUrl(url, { limits, hosts }, signal);
  const app = createApp({ ...parts, scopes, readUrl });
  const server = createServer(ARRIVAL, getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  const captions = acceptCaptions(server, parts);
  // An answer may be silent for as long as a request may take.
  server.timeout = (limits.requestSeconds + 10) * 1000;
  await listen(server, options.port ?? 8000, host).catch(async (error: unknown) => {
    await engine.dispose();
    throw error;
  });
  const close = async () => {
    ready = false;
    captions.stop();
    const closed = new Promise((resolve) => server.close(resolve));
    const late = () => {
      const reason = new ApiError(503, 'the server is shutting down', { code: 'shutting_down' });
      scopes.abortAll(reason);
      captions.abort(reason);
    };
    const timer = setTimeout(late, limits.drainSeconds * 1000);
    await slots.close();
    clearTimeout(timer);
    server.closeIdleConnections();
    const cut = () => {
      server.closeAllConnections();
      captions.cut();
    };
    setTimeout(cut, 1000).unref();
    await closed;
    await engine.dispose();
  };
  let closing: Promise<void> | undefined;
  return {
    url: urlOf(server),
    sessions: engine.batch.rows,
    cacheBytes: stateBytes(manifest),
    close: () => (closing ??= close()),
  };
}

/** A picture takes many times its file's size while it is decoded, so that only one is at a time. */
function oneAtATime(files: ModelFiles): ModelFiles {
  const queue = serially();
  return { ...files, readImage: (image) => queue(() => files.readImage(image)) };
}

/** A host as it stands in a parsed URL. */
function imageHost(host: string): string {
  const url = `https://${host}`;
  if (URL.canParse(url) && new URL(url).pathname === '/' && !host.includes('@')) return new URL(url).host;
  throw new UserError(`"${host}" is no host to allow images from; give names such as images.example.com`);
}

function noTokenizer(dir: string): never {
  throw new TextError(
    `${dir} has no tokenizer, which a chat needs; put the model's tokenizer.json and tokenizer_config.json into the ` +
      'checkpoint folder and build it again',
  );
}

async function listen(server: HttpServer, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function urlOf(server: HttpServer): string {
  // A server that listens on a port has an address with one.
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
