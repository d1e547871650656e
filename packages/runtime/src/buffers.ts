import { RuntimeError } from './error.ts';
import type { BufferKind, BufferRange, BufferSpec } from './format/plan.ts';
import { BufferUsage } from './gpu-constants.ts';

const { copySource, copyTarget, storage, uniform } = BufferUsage;

const USAGE: Record<BufferKind, number> = {
  weights: storage | copyTarget,
  constants: storage | copyTarget,
  state: storage,
  inputs: uniform | storage | copyTarget | copySource,
  // A loop is told the logits that it starts from.
  arena: storage | copySource | copyTarget,
  loop: storage | copySource | copyTarget,
};

/** All buffers of a loaded variant. */
export class BufferSet {
  private constructor(
    private readonly buffers: ReadonlyMap<string, GPUBuffer>,
    private readonly specs: Readonly<Record<string, BufferSpec>>,
  ) {}

  /** Throws RuntimeError, and frees what it has got, when the device refuses one of them. */
  static async allocate(device: GPUDevice, specs: Readonly<Record<string, BufferSpec>>): Promise<BufferSet> {
    const created = new Map<string, GPUBuffer>();
    const set = new BufferSet(created, specs);
    const refusals = Object.entries(specs).map(async ([label, { kind, bytes }]) => {
      device.pushErrorScope('validation');
      device.pushErrorScope('out-of-memory');
      created.set(label, device.createBuffer({ label, size: bytes, usage: USAGE[kind] }));
      const errors = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
      const error = errors.find((found) => found !== null);
      return error ? [`${label} (${bytes} bytes): ${error.message}`] : [];
    });
    try {
      const failures = (await Promise.all(refusals)).flat();
      if (failures.length > 0) throw refused(failures, set);
      return set;
    } catch (error) {
      set.destroy();
      throw error;
    }
  }

  /** Bytes by kind. */
  get memory(): Record<BufferKind, number> {
    const total: Record<BufferKind, number> = { weights: 0, constants: 0, state: 0, inputs: 0, arena: 0, loop: 0 };
    for (const { kind, bytes } of Object.values(this.specs)) total[kind] += bytes;
    return total;
  }

  get(name: string): GPUBuffer {
    const buffer = this.buffers.get(name);
    if (buffer === undefined) throw new RuntimeError('source', `the plan names a buffer "${name}" it does not declare`);
    return buffer;
  }

  binding({ buffer, offset, bytes }: BufferRange): GPUBufferBinding {
    return { buffer: this.get(buffer), offset, size: bytes };
  }

  destroy(): void {
    for (const buffer of this.buffers.values()) buffer.destroy();
  }
}

function refused(failures: readonly string[], { memory }: BufferSet): RuntimeError {
  const total = Object.values(memory).reduce((sum, bytes) => sum + bytes, 0);
  return new RuntimeError(
    'memory',
    `the device refuses ${failures.length} buffers of a model that takes ${total} bytes; close other pages that use the ` +
      `GPU, or build for smaller capacities or a smaller dtype\n  ${failures.join('\n  ')}`,
  );
}
