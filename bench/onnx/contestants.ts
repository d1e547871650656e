import { readFile } from 'node:fs/promises';
import type { OnnxTarget } from '@casement/runtime';
import { Tensor } from 'onnxruntime-node';
import { decodeModel } from '../../packages/onnx/src/proto.ts';
import { NativeSession } from '../../packages/session/src/onnx/native/nativeSession.ts';
import { ortLibrary } from '../../packages/session/src/onnx/native/ortLibrary.ts';
import { model } from './model.ts';

/** A decoder that can be put to any past and then computes one token after another. */
export interface Contestant {
  readonly name: string;
  readonly nodes: number;
  /** Fills the caches with what `draw` gives for each layer and part, [heads past size]. */
  rewind(past: number): void;
  /** Logits after one more token. */
  decode(token: number): Promise<Float32Array>;
  dispose(): Promise<void>;
}

const caches = Array.from({ length: model.layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
const ROW = model.kvHeads * model.headDim;

/** Keys and values that all contestants start with; the same numbers at the same place, whatever the layout. */
function drawCache(index: number, past: number, rows: number, factor = 1): Float32Array {
  const data = new Float32Array(model.kvHeads * rows * model.headDim);
  for (let head = 0; head < model.kvHeads; head++) {
    for (let at = 0; at < past; at++) {
      for (let i = 0; i < model.headDim; i++) {
        const noise = Math.sin(12.9898 * (at * ROW + head * model.headDim + i) + 78.233 * index) * 43758.5453;
        data[(head * rows + at) * model.headDim + i] = factor * (2 * (noise - Math.floor(noise)) - 1);
      }
    }
  }
  return data;
}

/** All of them run as our executor runs models: on memory of JavaScript, without copies of what goes in or out. */
function openSession(path: string, threads: number): NativeSession {
  const library = ortLibrary();
  if (library === undefined) throw new Error('onnxruntime-node has no library for this platform');
  return NativeSession.load(library, path, { threads, config: {} });
}

async function countNodes(path: string): Promise<number> {
  return decodeModel(await readFile(path)).graph?.node?.length ?? 0;
}

/** Caches at full capacity, updated in place: our `ort` profile, and onnxruntime-genai's layout. */
export async function inPlace(
  name: string,
  path: string,
  threads: number,
  extra: (past: number) => Record<string, Tensor>,
  /** What the graph wants keys to be multiplied by. */
  keyFactor = 1,
): Promise<Contestant> {
  const session = openSession(path, threads);
  const state = new Map<string, Tensor>();
  let past = 0;
  return {
    name,
    nodes: await countNodes(path),
    rewind(to) {
      past = to;
      caches.forEach((cache, index) => {
        const shape = [1, model.kvHeads, model.capacity, model.headDim];
        const factor = cache.endsWith('key') ? keyFactor : 1;
        state.set(cache, new Tensor('float32', drawCache(index, to, model.capacity, factor), shape));
      });
    },
    async decode(token) {
      const feeds: Record<string, Tensor> = {
        input_ids: new Tensor('int64', BigInt64Array.of(BigInt(token)), [1, 1]),
        ...extra(past),
      };
      const fetches: Record<string, Tensor | null> = { logits: null };
      for (const [cache, tensor] of state) {
        feeds[`past_key_values.${cache}`] = tensor;
        fetches[`present.${cache}`] = tensor;
      }
      const { logits } = await session.run(feeds, fetches);
      past++;
      return lastRow(logits);
    },
    dispose: () => session.release(),
  };
}

/** What our executor gives beside the caches; its own test shows that it does. */
export function givenToOurs(target: OnnxTarget): (past: number) => Record<string, Tensor> {
  const given = target.entries.step?.given ?? [];
  const tensors = {
    lastKey: (past: number) => new Tensor('int32', Int32Array.of(past), [1]),
    total: (past: number) => new Tensor('int32', Int32Array.of(past + 1), [1]),
    slots: (past: number) => new Tensor('int64', BigInt64Array.of(BigInt(past)), [1, 1, 1]),
    visible: () => new Tensor('bool', Uint8Array.of(1), [1, 1]),
  };
  return (past) => ({
    position_ids: new Tensor('int64', BigInt64Array.of(BigInt(past)), [1, 1]),
    logits_to_keep: new Tensor('int64', BigInt64Array.of(0n), [1]),
    ...Object.fromEntries(given.map(({ input, kind }) => [input, tensors[kind](past)])),
  });
}

/** What our graph wants keys to be multiplied by. */
export function keyFactorOf({ states }: OnnxTarget): number {
  const factors = Object.entries(states).flatMap(([name, { factor = 1 }]) => (name.endsWith('key') ? factor : []));
  const [first = 1] = factors;
  if (factors.some((factor) => factor !== first)) throw new Error('layers want keys to be multiplied differently');
  return first;
}

export function givenToGenai(past: number): Record<string, Tensor> {
  return {
    seqlens_k: new Tensor('int32', Int32Array.of(past), [1]),
    total_sequence_length: new Tensor('int32', Int32Array.of(past + 1), []),
  };
}

/** Caches that grow by a row in every run: what `torch.onnx.export` gives. */
export async function growing(name: string, path: string, threads: number): Promise<Contestant> {
  const session = openSession(path, threads);
  const [ids = '', positions = '', ...pasts] = session.inputMetadata.map(({ name }) => name);
  const [output = '', ...presents] = session.outputNames;
  // What one run writes, the next reads, and the other way round.
  const buffers = [0, 1].map(() => caches.map(() => new Float32Array(ROW * model.capacity)));
  let state: Tensor[] = [];
  let past = 0;
  return {
    name,
    nodes: await countNodes(path),
    rewind(to) {
      past = to;
      const shape = [model.kvHeads, to, model.headDim];
      state = caches.map((_, index) => new Tensor('float32', drawCache(index, to, to), shape));
    },
    async decode(token) {
      const feeds: Record<string, Tensor> = {
        [ids]: new Tensor('int64', BigInt64Array.of(BigInt(token)), [1]),
        [positions]: new Tensor('int64', BigInt64Array.of(BigInt(past)), [1]),
      };
      pasts.forEach((input, i) => {
        const tensor = state[i];
        if (tensor) feeds[input] = tensor;
      });
      past++;
      const shape = [model.kvHeads, past, model.headDim];
      const next = caches.flatMap((_, i) => {
        const data = buffers[past % 2]?.[i]?.subarray(0, ROW * past);
        return data ? [new Tensor('float32', data, shape)] : [];
      });
      const fetches: Record<string, Tensor | null> = { [output]: null };
      presents.forEach((present, i) => {
        fetches[present] = next[i] ?? null;
      });
      const results = await session.run(feeds, fetches);
      state = next;
      return lastRow(results[output]);
    },
    dispose: () => session.release(),
  };
}

function lastRow(logits: Tensor | undefined): Float32Array {
  if (!(logits?.data instanceof Float32Array)) throw new Error('the model gave no logits');
  return logits.data.slice(-model.vocab);
}
