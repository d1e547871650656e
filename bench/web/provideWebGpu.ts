import { acquireNodeGpu } from '@casement/session/webgpu-node';

/**
 * Makes Node's `navigator.gpu` and WebGPU's constants those of Dawn, so that what is written for pages runs: the adapter of
 * this machine, or of the driver that the environment names.
 */
export async function provideWebGpu(): Promise<void> {
  const { globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  const dawn = await acquireNodeGpu();
  const gpu = {
    wgslLanguageFeatures: dawn.wgslLanguageFeatures,
    getPreferredCanvasFormat: () => dawn.getPreferredCanvasFormat(),
    async requestAdapter(options?: GPURequestAdapterOptions) {
      const adapter = await dawn.requestAdapter(options);
      const requestDevice = adapter?.requestDevice.bind(adapter);
      if (!adapter || !requestDevice) return adapter;
      adapter.requestDevice = async (descriptor) => takeSharedMemory(await requestDevice(descriptor));
      return adapter;
    },
  };
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'node' }, configurable: true });
}

/** Browsers write from the shared memory of WebAssembly's threads, Dawn in Node does not: bytes there are copied first. */
function takeSharedMemory(device: GPUDevice): GPUDevice {
  const { queue } = device;
  const write = queue.writeBuffer.bind(queue);
  queue.writeBuffer = (buffer, offset, data, ...range) => {
    const shared = data instanceof Uint8Array && data.buffer instanceof SharedArrayBuffer;
    write(buffer, offset, shared ? new Uint8Array(data) : data, ...range);
  };
  Object.defineProperty(device, 'queue', { value: queue });
  return device;
}
