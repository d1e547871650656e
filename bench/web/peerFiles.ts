import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSafetensors, type SafetensorsFile } from '@casement/weights';
import { type Attribute, weightTensor } from '../../packages/onnx/src/proto.ts';
import type { Decoder } from '../genai/decoder.ts';
import { genaiGraph } from '../genai/graph.ts';

/** Weights that share a scale. */
const BLOCK = 32;

/** Writes peer.onnx and peer.bin, from the very bytes of 4-bit weights that our artifact holds. */
export async function writePeer(artifact: string, c: Decoder, out: string): Promise<void> {
  const shards = (await readdir(artifact)).filter((name) => name.endsWith('.safetensors'));
  const files = await Promise.all(shards.map((name) => openSafetensors(join(artifact, name))));
  const tensors = await readAll(files);
  const bin = await open(join(out, 'peer.bin'), 'w');
  let at = 0;
  const writes: Promise<unknown>[] = [];
  const place = (parts: readonly Uint8Array[]) => {
    const bytes = Buffer.concat(parts);
    const range = { file: 'peer.bin', byteOffset: at, byteLength: bytes.length };
    writes.push(bin.write(bytes, 0, bytes.length, at));
    at += bytes.length;
    return range;
  };
  const tensor = (name: string): Uint8Array => {
    const bytes = tensors.get(name);
    if (bytes === undefined) throw new Error(`${artifact} has no tensor "${name}"`);
    return bytes;
  };
  /** Of weights [rows columns], their rows one below the other. */
  const packed = (...names: readonly string[]) => ({
    numbers: place(names.map((name) => tensor(`${name}_q4`))),
    scales: place(names.map((name) => tensor(`${name}_scales`))),
  });
  const block: Record<string, Attribute> = { bits: { int: 4 }, block_size: { int: BLOCK } };
  const graph = genaiGraph(c, {
    norm: tensor,
    lookUp({ initializers, node }, output) {
      const { numbers, scales } = packed('model.embed_tokens.weight');
      initializers.push(weightTensor('table.numbers', 'u8', [c.vocab, c.hidden / 2], numbers));
      initializers.push(weightTensor('table.scales', 'f32', [c.vocab, c.hidden / BLOCK], scales));
      const attributes = { ...block, gather_axis: { int: 0 }, quantize_axis: { int: 1 } };
      const inputs = ['table.numbers', 'input_ids', 'table.scales'];
      node('GatherBlockQuantized', inputs, [output], attributes, 'com.microsoft');
    },
    multiply({ initializers, node }, x, { name, of, rows, columns }, output) {
      const { numbers, scales } = packed(...of);
      const blocks = columns / BLOCK;
      initializers.push(weightTensor(`${name}.numbers`, 'u8', [rows, blocks, BLOCK / 2], numbers));
      initializers.push(weightTensor(`${name}.scales`, 'f32', [rows * blocks], scales));
      const attributes = { ...block, K: { int: columns }, N: { int: rows } };
      node('MatMulNBits', [x, `${name}.numbers`, `${name}.scales`], [output], attributes, 'com.microsoft');
    },
  });
  await Promise.all(writes);
  await bin.close();
  await writeFile(join(out, 'peer.onnx'), graph);
  for (const file of files) await file.close();
}

async function readAll(files: readonly SafetensorsFile[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const tensors = new Map<string, Uint8Array>();
  for (const file of files) for (const name of file.names()) tensors.set(name, await file.read(name));
  return tensors;
}
