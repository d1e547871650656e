import { lostError, RuntimeError } from './error.ts';

/** What becomes of a device. */
export interface DeviceFate {
  /** Set once the device is lost. */
  readonly lost: GPUDeviceLostInfo | undefined;
  /** Calls `listener` when the device is lost, at once if it is; the returned function forgets it. */
  onLost(listener: (info: GPUDeviceLostInfo) => void): () => void;
}

/**
 * Of every device that was asked about. A promise holds whatever waits for it until it is settled, and a device of the
 * caller's outlives many models, so `device.lost` is waited for once. Nothing can be seen of it but that.
 */
const fates = new WeakMap<GPUDevice, DeviceFate>();

export function fateOf(device: GPUDevice): DeviceFate {
  const known = fates.get(device);
  if (known) return known;
  const fate = watch(device);
  fates.set(device, fate);
  return fate;
}

function watch(device: GPUDevice): DeviceFate {
  const listeners = new Set<(info: GPUDeviceLostInfo) => void>();
  let lost: GPUDeviceLostInfo | undefined;
  void device.lost.then((info) => {
    lost = info;
    for (const listener of listeners) listener(info);
    listeners.clear();
  });
  return {
    get lost() {
      return lost;
    },
    onLost(listener) {
      if (lost) listener(lost);
      else listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * What to say of an error: that the device was lost, if it was. A device is known to be lost only some time after calls
 * on it began to fail, so errors of WebGPU's own wait for that; a RuntimeError knows its reason.
 */
export async function deviceLost(device: GPUDevice, error: unknown): Promise<unknown> {
  if (error instanceof RuntimeError && !MAY_BE_LOSS.has(error.code)) return error;
  const info = await lostWithin(device, LOSS_DELAY);
  return info ? lostError(info) : error;
}

/** Undefined when the device is not lost in that time. */
async function lostWithin(device: GPUDevice, milliseconds: number): Promise<GPUDeviceLostInfo | undefined> {
  let end = () => {};
  const info = await new Promise<GPUDeviceLostInfo | undefined>((resolve) => {
    const timer = setTimeout(resolve, milliseconds, undefined);
    const forget = fateOf(device).onLost(resolve);
    end = () => {
      clearTimeout(timer);
      forget();
    };
  });
  end();
  return info;
}

/** Milliseconds in which a browser says that a device is lost. */
const LOSS_DELAY = 100;

const MAY_BE_LOSS = new Set(['memory', 'kernel', 'validation']);
