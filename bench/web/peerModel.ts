import * as ort from 'onnxruntime-web/webgpu';
import { argmax } from '../../packages/session/src/argmax.ts';
import type { Decoder } from '../genai/decoder.ts';

export interface PeerFiles {
  readonly graph: string;
  readonly weights: string;
  /** Folder of ONNX Runtime Web's own files, with a slash at its end; absent: beside its code. */
  readonly runtime?: string;
}

/**
 * ONNX Runtime Web's native WebGPU provider with everything that its users can do for speed: caches on the device at
 * full capacity, updated in place; only the logits of the last token come back.
 */
export class PeerModel {
  private past = 0;

  private constructor(
    private readonly session: ort.InferenceSession,
    private readonly caches: Readonly<Record<string, ort.Tensor>>,
    private readonly presents: Readonly<Record<string, ort.Tensor | null>>,
    readonly device: GPUDevice,
  ) {}

  static async load(c: Decoder, files: PeerFiles): Promise<PeerModel> {
    if (files.runtime) ort.env.wasm.wasmPaths = files.runtime;
    ort.env.wasm.numThreads = 1;
    const [graph, weights] = await Promise.all([files.graph, files.weights].map(download));
    if (graph === undefined || weights === undefined) throw new Error('the peer has a graph and weights');
    const session = await ort.InferenceSession.create(graph, {
      executionProviders: ['webgpu'],
      externalData: [{ path: 'peer.bin', data: weights }],
    });
    const device = await ort.env.webgpu.device;
    const caches: Record<string, ort.Tensor> = {};
    const presents: Record<string, ort.Tensor | null> = { logits: null };
    for (let layer = 0; layer < c.layers; layer++) {
      for (const kind of ['key', 'value']) {
        const gpuBuffer = device.createBuffer({
          size: 4 * c.kvHeads * c.capacity * c.headDim,
          usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
        });
        const dims = [1, c.kvHeads, c.capacity, c.headDim];
        const cache = ort.Tensor.fromGpuBuffer(gpuBuffer, { dataType: 'float32', dims });
        caches[`past_key_values.${layer}.${kind}`] = cache;
        presents[`present.${layer}.${kind}`] = cache;
      }
    }
    return new PeerModel(session, caches, presents, device);
  }

  /** What is in the caches beyond this counts as never read. */
  rewind(past: number): void {
    this.past = past;
  }

  /** Reads tokens and returns the likeliest next one. */
  async read(ids: readonly number[]): Promise<number> {
    const total = this.past + ids.length;
    const feeds = {
      ...this.caches,
      input_ids: new ort.Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
      seqlens_k: new ort.Tensor('int32', Int32Array.of(total - 1), [1]),
      total_sequence_length: new ort.Tensor('int32', Int32Array.of(total), []),
    };
    const { logits } = await this.session.run(feeds, this.presents);
    this.past = total;
    const { data } = logits ?? {};
    if (!(data instanceof Float32Array)) throw new Error('the peer gave no logits');
    return argmax(data, 0, data.length);
  }

  async dispose(): Promise<void> {
    for (const cache of Object.values(this.caches)) cache.dispose();
    await this.session.release();
  }
}

/** ONNX Runtime Web takes addresses too, but in Node reads them as paths. */
async function download(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
