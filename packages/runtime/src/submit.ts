import { lostError, RuntimeError } from './error.ts';

/**
 * Records commands, submits them (at once) and waits for their results. `record` returns what reads these. Throws
 * RuntimeError when the device refuses the commands or memory for results, and what WebGPU throws when results cannot be read: see `explained`.
 */
export async function submit<T>(
  device: GPUDevice,
  entry: string,
  record: (encoder: GPUCommandEncoder) => () => Promise<T>,
): Promise<T> {
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  const encoder = device.createCommandEncoder({ label: entry });
  const read = record(encoder);
  device.queue.submit([encoder.finish()]);
  const reading = read();
  const [invalid, refused] = [device.popErrorScope(), device.popErrorScope()];
  // After invalid commands the map may fail, too, or bring what an earlier run left; the scopes know why.
  const [memory, commands, result] = await Promise.allSettled([refused, invalid, reading]);
  if (memory.status === 'fulfilled' && memory.value) {
    throw new RuntimeError(
      'memory',
      `${entry}: the device has no memory for the results: ${memory.value.message}; ask for fewer outputs, or close ` +
        'other pages that use the GPU',
    );
  }
  if (commands.status === 'fulfilled' && commands.value) {
    throw new RuntimeError('validation', `${entry}: the device refuses the commands: ${commands.value.message}`);
  }
  if (result.status === 'fulfilled') return result.value;
  throw result.reason;
}

/** Waits for results; throws RuntimeError saying why there are none. Not for results that nobody wants any more. */
export async function explained<T>(device: GPUDevice, entry: string, results: Promise<T>): Promise<T> {
  try {
    return await results;
  } catch (reason) {
    if (reason instanceof RuntimeError) throw reason;
    // Nobody unmaps or destroys a buffer that somebody waits for, so an aborted map means a lost device.
    if (reason instanceof Error && reason.name === 'AbortError') throw lostError(await device.lost);
    throw new RuntimeError('validation', `${entry}: reading the results failed: ${reason}`, { cause: reason });
  }
}
