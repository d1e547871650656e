/** What is done to a load: it is stopped, its device destroyed, or told that it has no memory. */
export interface Disturbance {
  readonly how: 'abort' | 'lose' | 'full';
  /** A call of WebGPU, `weights` (bytes on the device), `kernels` (compiled) or `begin`. */
  readonly at: string;
  /** Which of them, from 1; for `weights`, how many. Default: the first. */
  readonly nth?: number;
}

type Method = (this: object, ...args: unknown[]) => unknown;

/** Buffers as they are made and destroyed, and devices, seen from outside. */
export interface Watch {
  readonly alive: ReadonlySet<object>;
  readonly devices: readonly GPUDevice[];
  readonly created: () => number;
  /** Gives WebGPU back as it was. */
  readonly undo: () => void;
}

/** Watches WebGPU in this page, and disturbs its calls. `act`: how to abort or lose. */
export function watchGpu({ how, at, nth = 1 }: Disturbance, act: () => void): Watch {
  const alive = new Set<object>();
  const devices: GPUDevice[] = [];
  let created = 0;
  const undo = [
    after(GPUDevice.prototype, 'createBuffer', (buffer) => {
      alive.add(buffer as GPUBuffer); // as the name says
      created++;
    }),
    before(GPUBuffer.prototype, 'destroy', (buffer) => alive.delete(buffer)),
    after(GPUAdapter.prototype, 'requestDevice', (device) => {
      void (device as Promise<GPUDevice>).then((made) => devices.push(made)); // as the name says
    }),
  ];
  const owner = [GPUAdapter, GPUDevice, GPUQueue, GPUBuffer].find(({ prototype }) => at in prototype)?.prototype;
  let count = 0;
  if (owner) {
    const called = () => {
      if (++count === nth && how !== 'full') act();
    };
    undo.push(before(owner, at, called));
  }
  if (how === 'full') undo.push(...fillMemory(() => count >= nth));
  const all = () => {
    for (const one of undo.reverse()) one();
  };
  return { alive, devices, created: () => created, undo: all };
}

/** No GPU here can be filled up for sure; what a browser would say once it `isFull` is said once instead. */
function fillMemory(isFull: () => boolean): (() => void)[] {
  const filters: unknown[] = [];
  let told = false;
  return [
    before(GPUDevice.prototype, 'pushErrorScope', (_, filter) => filters.push(filter)),
    replace(GPUDevice.prototype, 'popErrorScope', (native) => {
      return async function () {
        const tells = filters.pop() === 'out-of-memory' && isFull() && !told;
        told ||= tells;
        const error = await native.call(this);
        return tells ? new GPUOutOfMemoryError('no room') : error;
      };
    }),
  ];
}

function before(owner: object, name: string, act: (self: object, argument: unknown) => void): () => void {
  return replace(owner, name, (native) => {
    return function (...args) {
      act(this, args[0]);
      return native.apply(this, args);
    };
  });
}

function after(owner: object, name: string, act: (result: unknown) => void): () => void {
  return replace(owner, name, (native) => {
    return function (...args) {
      const result = native.apply(this, args);
      act(result);
      return result;
    };
  });
}

/** Replaces a method until the returned function is called. */
function replace(owner: object, name: string, by: (native: Method) => Method): () => void {
  const native = Reflect.get(owner, name) as Method; // only methods are named here
  const set = (value: Method) => Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  set(by(native));
  return () => set(native);
}
