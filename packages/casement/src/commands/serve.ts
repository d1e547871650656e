import { type Command, InvalidArgumentError } from 'commander';
import type { Target } from '../artifact/compile.ts';
import { formatBytes } from '../format.ts';
import { DEFAULT_LIMITS, type Limits } from '../serve/limits.ts';
import { serve } from '../serve/serve.ts';
import { parseNumber } from './generationOptions.ts';
import { parseCount } from './options.ts';
import { targetOption } from './run.ts';

interface Flags {
  readonly target?: Target;
  readonly host: string;
  readonly port: number;
  readonly apiKey?: string;
  readonly name?: string;
  readonly allowImagesFrom?: readonly string[];
  readonly allowOrigin?: readonly string[];
  readonly maxPixels?: number;
  readonly threads?: number;
  readonly maxBody: number;
  readonly maxImageBytes: number;
  readonly maxImagePixels: number;
  readonly maxImages: number;
  readonly sessions?: number;
  readonly queue: number;
  readonly maxTokens: number;
  readonly requestTime: number;
  readonly idleTime: number;
  readonly drainTime: number;
}

const MIB = 2 ** 20;

/** Where a key does not show in the list of processes. */
const KEY_VARIABLE = 'CASEMENT_API_KEY';

export function addServe(program: Command, signal: AbortSignal): void {
  const limits = DEFAULT_LIMITS;
  program
    .command('serve')
    .summary("answer requests over HTTP, with OpenAI's API")
    .description(
      "Serves an artifact with OpenAI's chat-completions API, and captions of live frames over WebSocket (/v1/captions).",
    )
    .argument('<artifact>', 'a folder made by casement build')
    .addOption(targetOption())
    .option('--host <host>', 'address to listen on; 0.0.0.0 for every network', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 takes a free one', parsePort, 8000)
    .option('--api-key <key>', `clients must give it as a bearer token (or set ${KEY_VARIABLE})`)
    .option('--name <name>', "under which clients ask for the model (default: the artifact's)")
    .option('--allow-images-from <hosts>', 'comma-separated hosts from which pictures are downloaded', parseList)
    .option('--allow-origin <origins>', 'comma-separated origins of pages that may ask', parseList)
    .option('--max-pixels <n>', 'shrink pictures to this area', parseNumber)
    .option('--threads <n>', 'threads of a run on the CPU (default: one for each core)', parseCount)
    .option('--sessions <n>', `conversations at the same time (default: ${limits.sessions}; with webgpu 1)`, parseCount)
    .option('--queue <n>', 'requests that wait for one; more get 429', parseNumber, limits.queue)
    .option('--max-tokens <n>', 'tokens of an answer', parseCount, limits.maxTokens)
    .option('--max-body <MiB>', 'size of a request', parseNumber, limits.bodyBytes / MIB)
    .option('--max-images <n>', 'pictures in a request', parseNumber, limits.images)
    .option(
      '--max-image-bytes <MiB>',
      'size of a downloaded picture, or of a frame',
      parseNumber,
      limits.imageBytes / MIB,
    )
    .option('--max-image-pixels <n>', 'height × width of a picture', parseNumber, limits.imagePixels)
    .option('--request-time <s>', 'seconds from a request to the end of its answer', parseNumber, limits.requestSeconds)
    .option('--idle-time <s>', 'seconds without a frame that end a caption session', parseNumber, limits.idleSeconds)
    .option('--drain-time <s>', 'seconds that answers may take after SIGTERM', parseNumber, limits.drainSeconds)
    .addHelpText(
      'after',
      `
Example:
  casement serve dist/model --port 8000
  curl localhost:8000/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"model": "…", "messages": [{"role": "user", "content": "Hello"}]}'

GET /v1/models tells the model's name. Requests, streaming, limits, metrics and captions: docs/serving.md.`,
    )
    .action(async (artifact: string, flags: Flags) => {
      const { target, name, host, port, maxPixels, threads } = flags;
      const apiKey = flags.apiKey ?? process.env[KEY_VARIABLE];
      const server = await serve({
        artifact,
        host,
        port,
        limits: limitsOf(flags),
        ...(target ? { target } : {}),
        ...(name ? { name } : {}),
        ...(flags.allowImagesFrom ? { allowImagesFrom: flags.allowImagesFrom } : {}),
        ...(flags.allowOrigin ? { allowOrigins: flags.allowOrigin } : {}),
        ...(apiKey === undefined ? {} : { apiKey }),
        ...(maxPixels === undefined ? {} : { maxPixels }),
        ...(threads === undefined ? {} : { threads }),
      });
      const { url, sessions, cacheBytes } = server;
      console.error(`serving ${artifact} on ${url}${apiKey === undefined ? ' without an API key' : ''}`);
      console.error(`${sessions} sessions at a time, with caches of up to ${formatBytes(cacheBytes)} each`);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      console.error('shutting down');
      await server.close();
    });
}

function limitsOf(flags: Flags): Partial<Limits> {
  return {
    bodyBytes: Math.round(flags.maxBody * MIB),
    imageBytes: Math.round(flags.maxImageBytes * MIB),
    imagePixels: flags.maxImagePixels,
    images: flags.maxImages,
    ...(flags.sessions === undefined ? {} : { sessions: flags.sessions }),
    queue: flags.queue,
    maxTokens: flags.maxTokens,
    requestSeconds: flags.requestTime,
    idleSeconds: flags.idleTime,
    drainSeconds: flags.drainTime,
  };
}

function parseList(text: string, before: readonly string[] = []): string[] {
  const parts = text.split(',').map((part) => part.trim());
  return [...before, ...parts.filter((part) => part !== '')];
}

function parsePort(text: string): number {
  const port = Number(text);
  if (text.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError('Give a number from 0 to 65535.');
  }
  return port;
}
