import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSafetensors, type SafetensorsFile } from '@casement/weights';
import { type PackedWeight, type PeerConfig, peerGraph } from './peerGraph.ts';

/** Writes peer.onnx and peer.bin, from the very bytes that our artifact holds. */
export async function writePeer(artifact: string, c: PeerConfig, out: string): Promise<void> {
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
  const graph = peerGraph(c, {
    norm: tensor,
    packed: (...names): PackedWeight => ({
      packed: place(names.map((name) => tensor(`${name}_q4`))),
      scales: place(names.map((name) => tensor(`${name}_scales`))),
    }),
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
