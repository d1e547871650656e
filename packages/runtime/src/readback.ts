import type { BufferSet } from './buffers.ts';
import type { BufferRange, TensorSignature } from './format/plan.ts';
import { BufferUsage, MAP_READ } from './gpu-constants.ts';
import { type DimValues, evaluateSize } from './size.ts';
import { elementCount, fromDevice, type HostTensor } from './tensor.ts';

/** A tensor to be read after a run, and where it lies. */
export interface Wanted {
  readonly name: string;
  readonly signature: TensorSignature;
  readonly range: BufferRange;
}

/** The dims on the device, which kernels may have changed. */
export interface DeviceDims {
  readonly buffer: string;
  /** In their order there: a u32 each, from the start of the buffer on. */
  readonly names: readonly string[];
}

/** What a run gave, and the dims as they were at its end. */
export interface RunResult {
  readonly outputs: Record<string, HostTensor>;
  readonly dims: DimValues;
}

/** One tensor in the read-back buffer, with room for the most that the dims allow. */
interface Slot {
  readonly wanted: Wanted;
  readonly offset: number;
  readonly bytes: number;
}

/** Brings results to the host through one buffer, which grows to the largest read so far. */
export class ReadBack {
  private buffer: GPUBuffer | undefined;

  constructor(private readonly device: GPUDevice) {}

  get bytes(): number {
    return this.buffer?.size ?? 0;
  }

  /**
   * Records the copies; the returned function reads the tensors once the commands were submitted. `counted`: where to
   * read the dims from when kernels count some of them; the host's `dims` then hold the most that these can be.
   */
  encode(
    encoder: GPUCommandEncoder,
    buffers: BufferSet,
    wanted: readonly Wanted[],
    dims: DimValues,
    counted: DeviceDims | undefined,
  ): () => Promise<RunResult> {
    const dimBytes = 4 * (counted?.names.length ?? 0);
    let end = dimBytes;
    const slots = wanted.map((tensor): Slot => {
      const slot = { wanted: tensor, offset: end, bytes: 4 * elementCount(shapeOf(tensor, dims)) };
      end += slot.bytes;
      return slot;
    });
    const target = this.reserve(end);
    if (counted) encoder.copyBufferToBuffer(buffers.get(counted.buffer), 0, target, 0, dimBytes);
    for (const { wanted, offset, bytes } of slots) {
      const { buffer, offset: from } = wanted.range;
      if (bytes > 0) encoder.copyBufferToBuffer(buffers.get(buffer), from, target, offset, bytes);
    }
    return async () => {
      if (end === 0) return { outputs: read(slots, new ArrayBuffer(0), dims), dims };
      await target.mapAsync(MAP_READ, 0, end).catch((error: unknown) => {
        this.destroy(); // the device may have refused it: the next run tries another one
        throw error;
      });
      const mapped = target.getMappedRange(0, end);
      const words = new Uint32Array(mapped, 0, dimBytes / 4);
      const after = counted ? new Map(counted.names.map((name, i) => [name, words[i] ?? 0])) : dims;
      const outputs = read(slots, mapped, after);
      target.unmap();
      return { outputs, dims: after };
    };
  }

  destroy(): void {
    this.buffer?.destroy();
    this.buffer = undefined;
  }

  private reserve(bytes: number): GPUBuffer {
    if (this.buffer && this.buffer.size >= bytes) return this.buffer;
    this.destroy();
    const usage = BufferUsage.mapRead | BufferUsage.copyTarget;
    this.buffer = this.device.createBuffer({ label: 'read-back', size: Math.max(bytes, 4), usage });
    return this.buffer;
  }
}

function shapeOf({ signature }: Wanted, dims: DimValues): readonly number[] {
  return signature.shape.map((size) => evaluateSize(size, dims));
}

/** Tensors lie without gaps under the dims that the kernels saw. */
function read(slots: readonly Slot[], mapped: ArrayBuffer, dims: DimValues): Record<string, HostTensor> {
  const tensors = slots.map(({ wanted, offset }) => {
    const shape = shapeOf(wanted, dims);
    const bytes = mapped.slice(offset, offset + 4 * elementCount(shape));
    return [wanted.name, fromDevice(wanted.signature.dtype, shape, bytes)] as const;
  });
  return Object.fromEntries(tensors);
}
