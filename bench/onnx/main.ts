import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { modelFromConfig } from '@casement/models';
import { openCheckpoint } from '@casement/weights';
import { MANIFEST_FILE, readManifest } from '../../packages/casement/src/artifact/manifest.ts';
import { stageFolder } from '../../packages/casement/src/artifact/stage.ts';
import { writeArtifact } from '../../packages/casement/src/artifact/writeArtifact.ts';
import { spreadOf } from '../../packages/casement/src/bench/spreadOf.ts';
import type { BuildDType } from '../../packages/casement/src/quantize/buildDType.ts';
import { buildProgram } from '../../packages/casement/src/quantize/buildProgram.ts';
import { randomWeights } from '../../packages/casement/src/randomWeights/randomWeights.ts';
import { writePeer } from '../web/peerFiles.ts';
import { type Contestant, givenToGenai, givenToOurs, growing, inPlace, keyFactorOf } from './contestants.ts';
import { writeGenai } from './genaiFiles.ts';
import { config, model } from './model.ts';

// Our ONNX graph against others of the same weights, on ONNX Runtime's CPU provider, in one process, taking turns.
// See README.md beside this file.

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: join(process.cwd(), 'out', 'bench-onnx') },
    dtypes: { type: 'string', default: 'f32,q4f32' },
    contexts: { type: 'string', default: '512,4096' },
    pairs: { type: 'string', default: '15' },
    tokens: { type: 'string', default: '12' },
    threads: { type: 'string', default: String(cpus().length) },
    out: { type: 'string' },
    help: { type: 'boolean' },
  },
});

if (values.help) {
  console.log(
    'Options: --folder FOLDER (checkpoint, models; torch.onnx from export_torch.py) --dtypes f32,q4f32 ' +
      '--contexts 512,4096 --pairs 15 --tokens 12 (of a turn) --threads N --out FILE.json',
  );
} else await main();

async function main(): Promise<void> {
  await mkdir(values.folder, { recursive: true });
  const checkpoint = join(values.folder, 'checkpoint');
  const made = await readdir(values.folder);
  if (!made.includes('checkpoint')) await randomWeights({ config, out: checkpoint, dtype: 'f32' });
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${values.threads} threads, Node ${process.version}`;
  const runs: Awaited<ReturnType<typeof measure>>[] = [];
  for (const dtype of values.dtypes.split(',')) {
    if (dtype !== 'f32' && dtype !== 'q4f32') throw new Error(`--dtypes are f32 and q4f32, not "${dtype}"`);
    runs.push(await measure(dtype, checkpoint));
  }
  console.log(machine);
  const header = ['dtype', 'past', 'against', 'ours', 'theirs', 'ratio', 'middle half', 'A/A', 'logits differ by'];
  console.log(markdownTable([header, ...runs.flatMap(({ lines }) => lines)]));
  for (const { dtype, nodes, pastAgainstPast } of runs) {
    const { short, long, ratio } = pastAgainstPast;
    const [low, high] = ratio.quartilesMs.map((each) => each.toFixed(2));
    console.log(
      `${dtype}: a past of ${long} costs ${ratio.medianMs.toFixed(2)} × a past of ${short} (${low} … ${high})`,
    );
    console.log(
      `nodes: ${Object.entries(nodes)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')}`,
    );
  }
  const results = runs.map(({ lines: _, ...run }) => run);
  const result = { date: new Date().toISOString().slice(0, 10), machine, model, runs: results };
  if (values.out) await writeFile(values.out, `${JSON.stringify(result, null, 2)}\n`);
}

/** Ours against each peer that is there in a dtype, at each context. */
async function measure(dtype: 'f32' | 'q4f32', checkpoint: string) {
  const contexts = values.contexts.split(',').map(Number);
  const [ours, ...peers] = await openAll(dtype, checkpoint);
  if (ours === undefined) throw new Error('nothing to measure');
  const pastAgainstPast = await compareContexts(ours, contexts);
  const decode: Awaited<ReturnType<typeof compare>>[] = [];
  for (const context of contexts) for (const peer of peers) decode.push(await compare(ours, peer, context));
  for (const each of [ours, ...peers]) await each.dispose();
  const nodes = Object.fromEntries([ours, ...peers].map(({ name, nodes }) => [name, nodes]));
  return { dtype, nodes, decode, pastAgainstPast, lines: decode.map((each) => [dtype, ...columns(each)]) };
}

function columns(measured: Awaited<ReturnType<typeof compare>>): string[] {
  const { context, peer, oursMs, peerMs, ratio, oursAgainstOurs, difference } = measured;
  const range = (quartiles: readonly number[]) => quartiles.map((each) => each.toFixed(2)).join(' … ');
  return [
    String(context),
    peer,
    `${oursMs.toFixed(1)} ms`,
    `${peerMs.toFixed(1)} ms`,
    `${ratio.medianMs.toFixed(2)} ×`,
    range(ratio.quartilesMs),
    range(oursAgainstOurs.quartilesMs),
    difference.toExponential(1),
  ];
}

/** As README.md has it. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const [header = []] = rows;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), `|${'---|'.repeat(header.length)}`, ...rows.slice(1).map(line)].join('\n');
}

/** Ours, and the peers that run the same weights. */
async function openAll(dtype: 'f32' | 'q4f32', checkpoint: string): Promise<Contestant[]> {
  const { folder } = values;
  const made = await readdir(folder);
  const threads = Number(values.threads);
  const artifact = join(folder, `ours-${dtype}`);
  const target = await writeOurs(checkpoint, artifact, dtype);
  const ours = await inPlace('ours', join(artifact, 'step.onnx'), threads, givenToOurs(target), keyFactorOf(target));
  const genai = join(folder, dtype === 'f32' ? 'genai.onnx' : 'peer.onnx');
  if (!made.includes('genai.onnx') && dtype === 'f32') await writeGenai(checkpoint, folder);
  if (!made.includes('peer.onnx') && dtype === 'q4f32') await writePeer(artifact, model, folder);
  const peers = [await inPlace('genai layout', genai, threads, givenToGenai)];
  if (dtype !== 'f32' || !made.includes('torch.onnx')) return [ours, ...peers];
  return [ours, ...peers, await growing('torch.onnx.export', join(folder, 'torch.onnx'), threads)];
}

/** Our graph is written anew in every run, so that what is measured is what the compiler does now. */
async function writeOurs(checkpoint: string, out: string, dtype: BuildDType) {
  const source = await openCheckpoint(checkpoint);
  try {
    const definition = modelFromConfig(config, { text: model.capacity });
    const { program, quantized } = buildProgram({ definition }, { dtype });
    const options = { replaces: MANIFEST_FILE };
    await stageFolder(out, options, (dir) =>
      writeArtifact(dir, program, source, { targets: ['onnx'], quantized }, out),
    );
  } finally {
    await source.close();
  }
  const target = (await readManifest(out)).targets.onnx;
  if (target === undefined) throw new Error(`${out} was not built for onnx`);
  return target;
}

/** Turns of ours, the peer's, and ours again; the peer's time over ours. */
async function compare(ours: Contestant, peer: Contestant, context: number) {
  for (const each of [ours, peer]) each.rewind(context);
  const difference = maxDifference(await ours.decode(7), await peer.decode(7));
  const triples: [number, number, number][] = [];
  for (let i = 0; i < Number(values.pairs) + 1; i++) {
    const turn = [await timed(ours), await timed(peer), await timed(ours)] as [number, number, number];
    if (i > 0) triples.push(turn); // the first warms up
  }
  return {
    context,
    peer: peer.name,
    pairs: triples.length,
    oursMs: spreadOf(triples.map(([a]) => a)).medianMs,
    peerMs: spreadOf(triples.map(([, b]) => b)).medianMs,
    ratio: spreadOf(triples.map(([a, b, again]) => b / Math.sqrt(a * again))),
    oursAgainstOurs: spreadOf(triples.map(([a, , again]) => again / a)),
    difference,
  };
}

/** What the longest past costs over the shortest, in turns. */
async function compareContexts(ours: Contestant, contexts: readonly number[]) {
  const [short, long] = [Math.min(...contexts), Math.max(...contexts)];
  const ratios: number[] = [];
  for (let i = 0; i < Number(values.pairs) + 1; i++) {
    ours.rewind(short);
    const [a, , again] = [await timed(ours), ours.rewind(long), await timed(ours)];
    if (i > 0) ratios.push(again / a);
  }
  return { short, long, ratio: spreadOf(ratios) };
}

/** Milliseconds for a token. */
async function timed(each: Contestant): Promise<number> {
  const tokens = Number(values.tokens);
  // What ran before has left its threads spinning and its weights in the cache; all pay for that untimed.
  await each.decode(10);
  const start = performance.now();
  for (let i = 0; i < tokens; i++) await each.decode(11 + i);
  return (performance.now() - start) / tokens;
}

function maxDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);
}
