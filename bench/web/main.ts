import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../../packages/casement/src/artifact/build.ts';
import { spreadOf } from '../../packages/casement/src/bench/spreadOf.ts';
import { formatTable } from '../../packages/casement/src/format.ts';
import { randomWeights } from '../../packages/casement/src/randomWeights/randomWeights.ts';
import { type BrowserPage, openPage } from '../../test/browser/open-page.ts';
import { serveFiles } from '../../test/browser/serve.ts';
import { configOf, type Decoder, measuredDecoder } from '../genai/decoder.ts';
import type { compare, firstToken, GreedyTokens, PageOptions, PageReport, Triple } from './page.ts';
import { writePeer } from './peerFiles.ts';
import { provideWebGpu } from './provideWebGpu.ts';

// Casement's WebGPU bundle against ONNX Runtime Web's native WebGPU provider: the same 4-bit weights, the same adapter,
// one page, taking turns. `npm run bench:web -- --help` lists the options.

const { values } = parseArgs({
  options: {
    layers: { type: 'string', default: '12' },
    context: { type: 'string', default: '512' },
    prompt: { type: 'string', default: '256' },
    'decode-pairs': { type: 'string', default: '15' },
    'prefill-pairs': { type: 'string', default: '15' },
    tokens: { type: 'string', default: '2' },
    cold: { type: 'string', default: '3' },
    node: { type: 'boolean' },
    out: { type: 'string' },
    help: { type: 'boolean' },
  },
});

if (values.help) {
  console.log(
    'Options: --layers 12 --context 512 --prompt 256 --decode-pairs 15 --prefill-pairs 15 --tokens 2 (of a pair) --cold 3 ' +
      '(cold pages) --node (in Node, on the adapter of the machine or of the environment) --out FILE.json',
  );
} else {
  await main();
}

async function main(): Promise<void> {
  const config: Decoder = { ...measuredDecoder(1024), layers: Number(values.layers) };
  const folder = join(process.cwd(), 'out', 'bench-web');
  await prepare(folder, config);
  const { report, cold } = values.node ? await measureInNode(folder, config) : await measureInPage(folder, config);
  const result = summary(report, cold, config);
  console.log(formatResult(result));
  if (values.out) await writeFile(values.out, `${JSON.stringify(result, null, 2)}\n`);
}

/** A checkpoint of random weights, our artifact of it, and the peer's files of the artifact's weights. */
async function prepare(folder: string, c: Decoder): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const checkpoint = join(folder, 'checkpoint');
  const artifact = join(folder, 'artifact');
  await randomWeights({ config: configOf(c), out: checkpoint, dtype: 'f32' });
  await build({ model: checkpoint, out: artifact, targets: ['webgpu'], dtype: 'q4f32' });
  await writePeer(artifact, c, folder);
}

interface Measured {
  readonly report: PageReport;
  /** Milliseconds from nothing to the first token, ours and theirs. */
  readonly cold: readonly [number, number][];
}

/** In Chromium, and then in fresh ones to the first token. */
async function measureInPage(folder: string, config: Decoder): Promise<Measured> {
  const module = new URL('./page.ts', import.meta.url);
  const runtime = join(process.cwd(), 'node_modules/onnxruntime-web/dist');
  const inFreshPage = async <R>(run: (page: BrowserPage, options: PageOptions) => Promise<R>): Promise<R> => {
    const page = await openPage({ folders: [folder] });
    const url = (path: string) => new URL(page.url(path), page.page.url()).href;
    const options = optionsFor(folder, config, url);
    try {
      return await run(page, { ...options, peer: { ...options.peer, runtime: `${url(runtime)}/` } });
    } finally {
      await page.close();
    }
  };
  const report = await inFreshPage((page, options) => page.run<typeof compare>(module, 'compare', options));
  const first = (who: 'ours' | 'theirs') =>
    inFreshPage((page, options) => page.run<typeof firstToken>(module, 'firstToken', options, who));
  const cold: [number, number][] = [];
  for (let i = 0; i < Number(values.cold); i++) cold.push([await first('ours'), await first('theirs')]);
  return { report, cold };
}

/** On Dawn in this process. */
async function measureInNode(folder: string, config: Decoder): Promise<Measured> {
  await provideWebGpu();
  const { compare } = await import('./page.ts');
  const server = await serveFiles([folder]);
  try {
    return { report: await compare(optionsFor(folder, config, server.url)), cold: [] };
  } finally {
    await server.close();
  }
}

function optionsFor(folder: string, config: Decoder, url: (path: string) => string): PageOptions {
  return {
    artifact: `${url(join(folder, 'artifact'))}/`,
    peer: { graph: url(join(folder, 'peer.onnx')), weights: url(join(folder, 'peer.bin')) },
    config,
    context: Number(values.context),
    prompt: Number(values.prompt),
    decode: { pairs: Number(values['decode-pairs']), tokens: Number(values.tokens) },
    prefill: { pairs: Number(values['prefill-pairs']) },
  };
}

type Result = ReturnType<typeof summary>;

function summary(report: PageReport, cold: readonly [number, number][], config: Decoder) {
  const { decode, prefill, greedy, ...rest } = report;
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`,
    host: values.node ? 'Node' : 'Chromium',
    model: config,
    context: Number(values.context),
    prompt: Number(values.prompt),
    decode: ratios(decode),
    prefill: ratios(prefill),
    firstTokenMs: cold,
    sameGreedyTokens: { short: countSame(greedy.short), long: countSame(greedy.long) },
    ...rest,
  };
}

/** How many tokens from the first on are the same, of how many. */
function countSame({ ours, theirs }: GreedyTokens) {
  const other = ours.findIndex((token, i) => token !== theirs[i]);
  return { same: other < 0 ? ours.length : other, of: ours.length };
}

/** Theirs over ours, and ours over ours again, of each turn. */
function ratios(triples: readonly Triple[]) {
  if (triples.length === 0) return undefined;
  return {
    pairs: triples.length,
    oursMs: spreadOf(triples.map(([ours]) => ours)).medianMs,
    theirsMs: spreadOf(triples.map(([, theirs]) => theirs)).medianMs,
    ratio: spreadOf(triples.map(([ours, theirs, again]) => theirs / Math.sqrt(ours * again))),
    oursAgainstOurs: spreadOf(triples.map(([ours, , again]) => again / ours)),
  };
}

function formatResult({ adapter, variant, decode, prefill, perToken, firstTokenMs, sameGreedyTokens }: Result): string {
  const line = (name: string, measured: ReturnType<typeof ratios>) =>
    measured
      ? [
          name,
          `ours ${measured.oursMs.toFixed(0)} ms`,
          `theirs ${measured.theirsMs.toFixed(0)} ms`,
          `${measured.ratio.medianMs.toFixed(2)} × (${measured.ratio.quartilesMs.map((q) => q.toFixed(2)).join(' … ')})`,
          `A/A ${measured.oursAgainstOurs.quartilesMs.map((q) => q.toFixed(2)).join(' … ')}`,
        ]
      : [name, 'not measured'];
  const counts = Object.entries(perToken.ours).map(([name, ours]) => {
    const theirs = perToken.theirs[name as keyof typeof perToken.theirs]; // both are GpuCounts
    return [`  ${name}`, String(ours), String(theirs)];
  });
  const same = (tokens: ReturnType<typeof countSame>) => `${tokens.same} of ${tokens.of}`;
  return [
    `${adapter}, variant ${variant}`,
    `greedy tokens that are the same: ${same(sameGreedyTokens.short)} after a short prompt, ${same(sameGreedyTokens.long)} after the long one`,
    formatTable([line('prefill', prefill), line('decode', decode)]),
    `cold page to first token, ours and theirs: ${firstTokenMs.map((pair) => pair.map((ms) => ms.toFixed(0)).join(' / ')).join(', ')} ms`,
    'calls for each decoded token, ours and theirs:',
    formatTable(counts),
  ].join('\n');
}
