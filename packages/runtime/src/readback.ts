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

/** One tensor in the read-back buffer. */
interface Slot {
  readonly wanted: Wanted;
  readonly shape: readonly number[];
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

  /** Records the copies; the returned function reads the tensors once the commands were submitted. */
  encode(
    encoder: GPUCommandEncoder,
    buffers: BufferSet,
    wanted: readonly Wanted[],
    dims: DimValues,
  ): () => Promise<Record<string, HostTensor>> {
    let end = 0;
    const slots = wanted.map((tensor): Slot => {
      const shape = tensor.signature.shape.map((size) => evaluateSize(size, dims));
      const slot = { wanted: tensor, shape, offset: end, bytes: 4 * elementCount(shape) };
      end += slot.bytes;
      return slot;
    });
    const target = this.reserve(end);
    for (const { wanted, offset, bytes } of slots) {
      const { buffer, offset: from } = wanted.range;
      if (bytes > 0) encoder.copyBufferToBuffer(buffers.get(buffer), from, target, offset, bytes);
    }
    return async () => {
      if (end === 0) return read(slots, new ArrayBuffer(0));
      await target.mapAsync(MAP_READ, 0, end);
      const tensors = read(slots, target.getMappedRange(0, end));
      target.unmap();
      return tensors;
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

function read(slots: readonly Slot[], mapped: ArrayBuffer): Record<string, HostTensor> {
  const tensors = slots.map(({ wanted, shape, offset, bytes }) => {
    return [wanted.name, fromDevice(wanted.signature.dtype, shape, mapped.slice(offset, offset + bytes))] as const;
  });
  return Object.fromEntries(tensors);
}
