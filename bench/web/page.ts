import { loadArtifact } from '../../packages/runtime/src/loadArtifact.ts';
import { readManifest } from '../../packages/runtime/src/readManifest.ts';
import { fetchSource } from '../../packages/runtime/src/source/fetchSource.ts';
import { generate } from '../../packages/session/src/generation/generate.ts';
import { Session } from '../../packages/session/src/session.ts';
import { countGpu, type GpuCounter, type GpuCounts } from '../../packages/session/src/webgpu/countGpu.ts';
import { executorOf } from '../../packages/session/src/webgpu/index.ts';
import type { Decoder } from '../genai/decoder.ts';
import { type PeerFiles, PeerModel } from './peerModel.ts';

export interface PageOptions {
  readonly artifact: string;
  readonly peer: PeerFiles;
  readonly config: Decoder;
  readonly context: number;
  readonly prompt: number;
  /** How many pairs, and tokens of each in a pair. */
  readonly decode: { readonly pairs: number; readonly tokens: number };
  readonly prefill: { readonly pairs: number };
}

/** Milliseconds of ours, theirs, and ours again, one after another. */
export type Triple = readonly [ours: number, theirs: number, oursAgain: number];

export interface GreedyTokens {
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

/** Tokens of a short prompt: too few for the peer's kernels for many rows. */
const SHORT = 16;

export interface PageReport {
  readonly adapter: string;
  readonly variant: string;
  readonly decode: readonly Triple[];
  readonly prefill: readonly Triple[];
  readonly perToken: { readonly ours: GpuCounts; readonly theirs: GpuCounts };
  readonly bytes: { readonly ours: number };
  /** Greedy tokens of both after the same prompt, of `context` tokens and of few. */
  readonly greedy: { readonly long: GreedyTokens; readonly short: GreedyTokens };
}

/** Both models in one page on one kind of adapter, taking turns. */
export async function compare(options: PageOptions): Promise<PageReport> {
  const { config, context, prompt, decode, prefill } = options;
  const ours = await openOurs(options.artifact);
  const peer = await PeerModel.load(config, options.peer);
  const theirCounter = countGpu(peer.device);
  const ids = (count: number) => Array.from({ length: count }, (_, i) => (i * 7919 + 3) % config.vocab);

  const readOurs = async (count: number) => {
    await ours.session.reset();
    await ours.session.read(ids(count));
  };
  const readTheirs = (count: number) => {
    peer.rewind(0);
    return peer.read(ids(count));
  };

  let next = 0;
  let tokens = { ours: [] as number[], theirs: [] as number[] };
  const decodeOurs = async (count: number, onToken: (done: number) => void = () => {}) => {
    let done = 0;
    for await (const { token } of generate(ours.session, { maxTokens: count })) {
      tokens.ours.push(token);
      onToken(++done);
    }
  };
  const decodeTheirs = async (count: number, onToken: (done: number) => void = () => {}) => {
    for (let done = 0; done < count; onToken(++done)) {
      tokens.theirs.push(next);
      next = await peer.read([next]);
    }
  };

  await readOurs(SHORT);
  next = await readTheirs(SHORT);
  await decodeOurs(SHORT);
  await decodeTheirs(SHORT);
  const short = tokens;
  tokens = { ours: [], theirs: [] };

  await readOurs(prompt);
  await readTheirs(prompt);
  const prefills: Triple[] = [];
  for (let i = 0; i < prefill.pairs; i++) {
    prefills.push(
      await triple(
        () => readOurs(prompt),
        () => readTheirs(prompt),
      ),
    );
  }

  await readOurs(context);
  next = await readTheirs(context);
  const perToken = {
    ours: await countCalls(ours.counter, decodeOurs),
    theirs: await countCalls(theirCounter, decodeTheirs),
  };
  const decodes: Triple[] = [];
  for (let i = 0; i < decode.pairs; i++) {
    const count = decode.tokens;
    decodes.push(
      await triple(
        () => decodeOurs(count),
        () => decodeTheirs(count),
      ),
    );
  }

  const report = {
    adapter: ours.adapter,
    variant: ours.variant,
    decode: decodes.map(([a, b, c]): Triple => [a / decode.tokens, b / decode.tokens, c / decode.tokens]),
    prefill: prefills,
    perToken,
    bytes: { ours: ours.counter.live.bytes },
    greedy: { long: tokens, short },
  };
  await ours.session.executor.dispose();
  await peer.dispose();
  return report;
}

/** From nothing to the first token, in this page, of one of the two. */
export async function firstToken({ artifact, peer, config }: PageOptions, who: 'ours' | 'theirs'): Promise<number> {
  const start = performance.now();
  const prompt = Array.from({ length: 16 }, (_, i) => i + 3);
  if (who === 'ours') {
    const { session } = await openOurs(artifact);
    await session.read(prompt);
    session.nextLogits();
    const took = performance.now() - start;
    await session.executor.dispose();
    return took;
  }
  const model = await PeerModel.load(config, peer);
  await model.read(prompt);
  const took = performance.now() - start;
  await model.dispose();
  return took;
}

async function openOurs(artifact: string) {
  const adapter = (await navigator.gpu.requestAdapter()) ?? fail('no adapter');
  const counters: GpuCounter[] = [];
  const requestDevice = adapter.requestDevice.bind(adapter);
  adapter.requestDevice = async (descriptor) => {
    const device = await requestDevice(descriptor);
    counters.push(countGpu(device));
    return device;
  };
  const source = fetchSource(artifact);
  const manifest = await readManifest(source);
  const model = await loadArtifact(manifest, { source, adapter, cache: 'none' });
  const { vendor, architecture, description } = adapter.info;
  return {
    session: new Session(executorOf(model, manifest)),
    counter: counters[0] ?? fail('no device was made'),
    adapter: `${vendor} ${architecture} ${description}`.trim(),
    variant: model.variant,
  };
}

/** Calls for a token in the middle of an answer. */
async function countCalls(
  counter: GpuCounter,
  decode: (count: number, onToken: (done: number) => void) => Promise<void>,
): Promise<GpuCounts> {
  const [warmUp, tokens] = [3, 4];
  await decode(warmUp + tokens, (done) => done === warmUp && counter.take());
  const counts = counter.take();
  for (const name of Object.keys(counts) as (keyof GpuCounts)[]) counts[name] /= tokens; // its own keys
  return counts;
}

async function triple(ours: () => Promise<unknown>, theirs: () => Promise<unknown>): Promise<Triple> {
  return [await timed(ours), await timed(theirs), await timed(ours)];
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

function fail(problem: string): never {
  throw new Error(problem);
}
