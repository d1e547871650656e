import { lostError, RuntimeError } from './error.ts';

/**
 * Records commands, submits them (at once) and waits for their results. `record` returns what reads these. Throws
 * RuntimeError when the device refuses the commands, and what WebGPU throws when results cannot be read: see `explained`.
 */
export async function submit<T>(
  device: GPUDevice,
  entry: string,
  record: (encoder: GPUCommandEncoder) => () => Promise<T>,
): Promise<T> {
  device.pushErrorScope('validation');
  const encoder = device.createCommandEncoder({ label: entry });
  const read = record(encoder);
  device.queue.submit([encoder.finish()]);
  const scope = device.popErrorScope();
  // After invalid commands the map may fail, too, or bring what an earlier run left; the scope knows why.
  const [failure, result] = await Promise.allSettled([scope, read()]);
  if (failure.status === 'fulfilled' && failure.value) {
    throw new RuntimeError('validation', `${entry}: the device refuses the commands: ${failure.value.message}`);
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
