import type { BufferRange, Plan, PlanVariant } from '../src/index.ts';

const main = `@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;`;

const DIMS = 'struct Dims { n: u32, past: u32 }';

/** Kernels by file, written by hand. */
const KERNELS = {
  'scale.wgsl': `${DIMS}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> factor: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> dims: Dims;
${main}
  if (i < dims.n) { y[i] = x[i] * factor[0]; }
}`,
  'push.wgsl': `${DIMS}
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> cache: array<f32>;
@group(0) @binding(2) var<uniform> dims: Dims;
${main}
  if (i < dims.n) { cache[dims.past + i] = x[i]; }
}`,
  'sum.wgsl': `${DIMS}
@group(0) @binding(0) var<storage, read> cache: array<f32>;
@group(0) @binding(1) var<storage, read_write> total: array<f32>;
@group(0) @binding(2) var<uniform> dims: Dims;
${main}
  if (i == 0) {
    var sum = 0.0;
    for (var j = 0u; j < dims.past + dims.n; j++) { sum += cache[j]; }
    total[0] = sum;
  }
}`,
};

const at = (buffer: string, offset: number, bytes: number): BufferRange => ({ buffer, offset, bytes });
const size = (...names: string[]) => ({ sum: names.map((name) => [1, name] as const), over: 1 });
const [x, factor, y] = [at('inputs', 256, 16), at('weights', 0, 4), at('arena', 0, 16)];
const [cache, total, dims] = [at('cache', 0, 24), at('arena', 256, 4), at('inputs', 0, 16)];

const variant: PlanVariant = {
  name: 'portable',
  requires: { features: [], limits: { maxStorageBufferBindingSize: 24 } },
  buffers: {
    weights: { kind: 'weights', bytes: 256 },
    cache: { kind: 'state', bytes: 256 },
    inputs: { kind: 'inputs', bytes: 512 },
    arena: { kind: 'arena', bytes: 512 },
  },
  uploads: [{ file: 'weights.bin', byteOffset: 3, byteLength: 4, buffer: 'weights', offset: 0 }],
  kernels: {
    scale: { file: 'scale.wgsl', bindings: ['read', 'read', 'read_write', 'uniform'], tile: [64] },
    push: { file: 'push.wgsl', bindings: ['read_write', 'read_write', 'uniform'], tile: [64] },
    sum: { file: 'sum.wgsl', bindings: ['read', 'read_write', 'uniform'], tile: [64] },
  },
  entries: {
    push: {
      inputs: { x },
      outputs: { y, total },
      dispatches: [
        { kernel: 'scale', label: 'y (layers.0)', grid: [size('n')], bindings: [x, factor, y, dims] },
        { kernel: 'push', label: 'cache (layers.0)', grid: [size('n')], bindings: [y, cache, dims] },
        { kernel: 'sum', label: 'total (layers.0)', grid: [1], bindings: [cache, total, dims] },
      ],
    },
  },
};

/** A model of one entry, `push(x)`: appends 3·x to a cache of 6, gives 3·x and the cache's sum. */
export const tinyPlan: Plan = {
  format: 'casement-plan/2',
  name: 'tiny',
  signature: {
    dims: { n: { min: 1, max: 4, multipleOf: 1 }, past: { min: 0, max: 6, multipleOf: 1 } },
    states: { cache: { dtype: 'f32', shape: [size('past')], axis: 0, dim: 'past', capacity: 6 } },
    entries: {
      push: {
        inputs: { x: { dtype: 'f32', shape: [size('n')] } },
        outputs: { y: { dtype: 'f32', shape: [size('n')] }, total: { dtype: 'f32', shape: [1] } },
        states: ['cache'],
        lengths: { past: size('past', 'n') },
      },
    },
  },
  variants: [variant],
};

/** Its files, with a plan changed as a test likes; the weight, 3, stands at byte 3. */
export function tinyFiles(
  change: (plan: Plan, variant: PlanVariant) => Plan = (plan) => plan,
  files: Readonly<Record<string, string>> = {},
): Map<string, string | Uint8Array> {
  const weights = new Uint8Array(11);
  new DataView(weights.buffer).setFloat32(3, 3, true);
  return new Map<string, string | Uint8Array>([
    ['plan.json', JSON.stringify(change(tinyPlan, variant))],
    ['weights.bin', weights],
    ...Object.entries({ ...KERNELS, ...files }),
  ]);
}

/** The plan with a changed variant. */
export function withVariant(changes: Partial<PlanVariant>): (plan: Plan, variant: PlanVariant) => Plan {
  return (plan, original) => ({ ...plan, variants: [{ ...original, ...changes }] });
}
