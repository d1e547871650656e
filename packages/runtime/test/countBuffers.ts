/** A device that keeps count of the buffers that are alive, seen from outside. */
export function countBuffers(device: GPUDevice): {
  readonly device: GPUDevice;
  readonly alive: () => number;
  readonly created: () => number;
} {
  const alive = new Set<GPUBuffer>();
  let created = 0;
  const createBuffer: GPUDevice['createBuffer'] = (descriptor) => {
    const buffer = device.createBuffer(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    alive.add(buffer);
    created++;
    buffer.destroy = () => {
      alive.delete(buffer);
      return destroy();
    };
    return buffer;
  };
  const counted = new Proxy(device, {
    get: (target, key) => {
      if (key === 'createBuffer') return createBuffer;
      // Native methods want the native object as `this`.
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { device: counted, alive: () => alive.size, created: () => created };
}
