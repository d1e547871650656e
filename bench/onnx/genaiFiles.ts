import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSafetensors } from '@casement/weights';
import { type WeightPlace, weightTensor } from '../../packages/onnx/src/proto.ts';
import { genaiGraph } from '../genai/graph.ts';
import { model } from './model.ts';

/** Writes genai.onnx and genai.bin from a checkpoint of one file in f32. */
export async function writeGenai(checkpoint: string, out: string): Promise<string> {
  const source = await openSafetensors(join(checkpoint, 'model.safetensors'));
  const tensors = new Map<string, Float32Array>();
  for (const name of source.names()) {
    const bytes = await source.read(name);
    tensors.set(name, new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)));
  }
  const bin = await open(join(out, 'genai.bin'), 'w');
  const writes: (() => Promise<unknown>)[] = [];
  let at = 0;
  const place = (values: () => Float32Array, length: number): WeightPlace => {
    const range = { file: 'genai.bin', byteOffset: at, byteLength: 4 * length };
    const from = at;
    writes.push(() => {
      const { buffer, byteOffset, byteLength } = values();
      return bin.write(new Uint8Array(buffer, byteOffset, byteLength), 0, byteLength, from);
    });
    at += 4 * length;
    return range;
  };
  const tensor = (name: string): Float32Array => {
    const found = tensors.get(name);
    if (found === undefined) throw new Error(`${checkpoint} has no tensor "${name}"`);
    return found;
  };
  const table = 'model.embed_tokens.weight';
  const plain = (name: string) => place(() => tensor(name), tensor(name).length);
  const graph = genaiGraph(model, {
    norm: plain,
    lookUp({ initializers, node }, output) {
      initializers.push(weightTensor(table, 'f32', [model.vocab, model.hidden], plain(table)));
      node('Gather', [table, 'input_ids'], [output]);
    },
    // As `MatMul` wants them: [in, out].
    multiply({ initializers, node }, x, { name, of, rows, columns }, output) {
      const transposed = place(() => transpose(of.map(tensor), columns, rows * columns), rows * columns);
      initializers.push(weightTensor(`${name}.weight`, 'f32', [columns, rows], transposed));
      node('MatMul', [x, `${name}.weight`], [output]);
    },
  });
  for (const write of writes) await write();
  await bin.close();
  await source.close();
  await writeFile(join(out, 'genai.onnx'), graph);
  return join(out, 'genai.onnx');
}

/** Weights [rows columns] one below the other as [columns, all rows]. */
function transpose(parts: readonly Float32Array[], columns: number, length: number): Float32Array {
  const rows = length / columns;
  const result = new Float32Array(length);
  let row = 0;
  for (const part of parts) {
    for (let r = 0; r < part.length / columns; r++, row++) {
      for (let c = 0; c < columns; c++) result[c * rows + row] = part[r * columns + c] ?? 0;
    }
  }
  return result;
}
