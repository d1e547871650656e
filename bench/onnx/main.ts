import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { modelFromConfig } from '@casement/models';
import { openCheckpoint } from '@casement/weights';
import { writeArtifact } from '../../packages/casement/src/artifact/writeArtifact.ts';
import { spreadOf } from '../../packages/casement/src/bench/spreadOf.ts';
import { formatTable } from '../../packages/casement/src/format.ts';
import { randomWeights } from '../../packages/casement/src/randomWeights/randomWeights.ts';
import { type Contestant, givenToGenai, givenToOurs, growing, inPlace } from './contestants.ts';
import { writeGenai } from './genaiFiles.ts';
import { config, model } from './model.ts';

// Our ONNX graph against two others of the same weights, on ONNX Runtime's CPU provider, in one process, taking turns.
// See README.md beside this file.

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: join(process.cwd(), 'out', 'bench-onnx') },
    contexts: { type: 'string', default: '512,4096' },
    pairs: { type: 'string', default: '15' },
    tokens: { type: 'string', default: '2' },
    threads: { type: 'string', default: String(cpus().length) },
    out: { type: 'string' },
    help: { type: 'boolean' },
  },
});

if (values.help) {
  console.log(
    'Options: --folder FOLDER (checkpoint, models; torch.onnx from export_torch.py) --contexts 512,4096 --pairs 15 ' +
      '--tokens 2 (of a turn) --threads N --out FILE.json',
  );
} else await main();

async function main(): Promise<void> {
  const { folder } = values;
  const checkpoint = join(folder, 'checkpoint');
  await mkdir(folder, { recursive: true });
  const made = await readdir(folder);
  if (!made.includes('checkpoint')) await randomWeights({ config, out: checkpoint, dtype: 'f32' });
  const target = await writeOurs(checkpoint, join(folder, 'ours'), made.includes('ours'));
  if (!made.includes('genai.onnx')) await writeGenai(checkpoint, folder);
  const threads = Number(values.threads);
  const ours = await inPlace('casement', join(folder, 'ours', 'step.onnx'), threads, givenToOurs(target));
  const peers = [
    await inPlace('genai layout', join(folder, 'genai.onnx'), threads, givenToGenai),
    ...(made.includes('torch.onnx') ? [await growing('torch.onnx.export', join(folder, 'torch.onnx'), threads)] : []),
  ];
  const contexts = values.contexts.split(',').map(Number);
  const result = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${threads} threads, Node ${process.version}`,
    model,
    nodes: Object.fromEntries([ours, ...peers].map(({ name, nodes }) => [name, nodes])),
    decode: [] as object[],
    pastAgainstPast: await compareContexts(ours, contexts),
  };
  const lines: string[][] = [];
  for (const context of contexts) {
    for (const peer of peers) {
      const measured = await compare(ours, peer, context);
      result.decode.push(measured);
      const { ratio, oursAgainstOurs } = measured;
      lines.push([
        `past ${context}`,
        `${ours.name} ${measured.oursMs.toFixed(1)} ms`,
        `${peer.name} ${measured.peerMs.toFixed(1)} ms`,
        `${ratio.medianMs.toFixed(2)} × (${ratio.quartilesMs.map((q) => q.toFixed(2)).join(' … ')})`,
        `A/A ${oursAgainstOurs.quartilesMs.map((q) => q.toFixed(2)).join(' … ')}`,
        `largest difference of logits ${measured.difference.toExponential(1)}`,
      ]);
    }
  }
  console.log(result.machine);
  console.log(formatTable(lines));
  console.log('nodes:', result.nodes, 'past against past:', result.pastAgainstPast);
  if (values.out) await writeFile(values.out, `${JSON.stringify(result, null, 2)}\n`);
  for (const each of [ours, ...peers]) await each.dispose();
}

async function writeOurs(checkpoint: string, out: string, isThere: boolean) {
  const { readManifest } = await import('../../packages/casement/src/artifact/manifest.ts');
  if (!isThere) {
    await mkdir(out);
    const source = await openCheckpoint(checkpoint);
    const program = modelFromConfig(config, { text: model.capacity }).build({ dtype: 'f32' });
    await writeArtifact(out, program, source, { targets: ['onnx'] });
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
