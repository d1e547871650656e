/** How often a device was asked for something, and bytes that were asked for. */
export interface GpuCounts {
  createBuffer: number;
  createBindGroup: number;
  /** Compute pipelines, made at once or asynchronously. */
  createPipeline: number;
  computePasses: number;
  dispatches: number;
  submits: number;
  writeBuffers: number;
  bytesWritten: number;
  bytesReadBack: number;
}

/** Watches one device from outside. */
export interface GpuCounter {
  /** Since the last call of this. */
  take(): GpuCounts;
  /** Buffers that were made and not destroyed, and their bytes. */
  readonly live: { readonly buffers: number; readonly bytes: number };
  /** The most bytes that were ever alive at once. */
  readonly peakBytes: number;
}

/**
 * Counts the WebGPU calls on a device, and on the encoders and buffers that come from it. The methods of this one device
 * are replaced by ones that count and then do the same, so whatever uses it need not know. For measurements and tests.
 */
export function countGpu(device: GPUDevice): GpuCounter {
  let counts = zero();
  const live = new Map<GPUBuffer, number>();
  let [bytes, peakBytes] = [0, 0];
  const forget = (buffer: GPUBuffer) => {
    bytes -= live.get(buffer) ?? 0;
    live.delete(buffer);
  };

  after(device, 'createBuffer', (buffer) => {
    counts.createBuffer++;
    live.set(buffer, buffer.size);
    bytes += buffer.size;
    peakBytes = Math.max(peakBytes, bytes);
    after(buffer, 'destroy', () => forget(buffer));
    after(buffer, 'getMappedRange', (range) => {
      if (buffer.usage & MAP_READ) counts.bytesReadBack += range.byteLength;
    });
  });
  after(device, 'createBindGroup', () => counts.createBindGroup++);
  after(device, 'createComputePipeline', () => counts.createPipeline++);
  after(device, 'createComputePipelineAsync', () => counts.createPipeline++);
  after(device, 'createCommandEncoder', (encoder) => {
    after(encoder, 'beginComputePass', (pass) => {
      counts.computePasses++;
      after(pass, 'dispatchWorkgroups', () => counts.dispatches++);
      after(pass, 'dispatchWorkgroupsIndirect', () => counts.dispatches++);
    });
  });
  after(device.queue, 'submit', () => counts.submits++);
  after(device.queue, 'writeBuffer', (_, [, , data, offset = 0, size]) => {
    // Offset and size count elements.
    const element = 'BYTES_PER_ELEMENT' in data ? Number(data.BYTES_PER_ELEMENT) : 1;
    counts.writeBuffers++;
    counts.bytesWritten += size === undefined ? data.byteLength - offset * element : size * element;
  });

  return {
    take() {
      const taken = counts;
      counts = zero();
      return taken;
    },
    get live() {
      return { buffers: live.size, bytes };
    },
    get peakBytes() {
      return peakBytes;
    },
  };
}

/** `GPUBufferUsage.MAP_READ`; Node has no global of this name. */
const MAP_READ = 1;

function zero(): GpuCounts {
  return {
    createBuffer: 0,
    createBindGroup: 0,
    createPipeline: 0,
    computePasses: 0,
    dispatches: 0,
    submits: 0,
    writeBuffers: 0,
    bytesWritten: 0,
    bytesReadBack: 0,
  };
}

type Method = (...args: never[]) => unknown;
type Methods<T> = { [K in keyof T]: T[K] extends Method ? K : never }[keyof T];

/** Lets `then` see each result of a method of this object, and the arguments it was called with. */
function after<T extends object, K extends Methods<T>>(
  target: T,
  name: K,
  then: (result: ReturnType<Extract<T[K], Method>>, args: Parameters<Extract<T[K], Method>>) => void,
): void {
  const method = target[name] as Method; // Methods<T> holds only these names
  const counted = (...args: never[]) => {
    const result = method.apply(target, args);
    then(result as ReturnType<Extract<T[K], Method>>, args as Parameters<Extract<T[K], Method>>);
    return result;
  };
  Object.defineProperty(target, name, { value: counted, configurable: true, writable: true });
}
