/** What a workgroup of a kernel takes of a device. */
export interface WorkgroupUse {
  readonly threads: number;
  /** Of memory that its threads share, counted as WebGPU does. */
  readonly bytes: number;
}

/** Size and alignment in bytes, by WGSL's rules (WGSL, 14.4.1). */
interface Layout {
  readonly size: number;
  readonly align: number;
}

const LAYOUTS: Readonly<Record<string, Layout>> = {
  f16: { size: 2, align: 2 },
  f32: { size: 4, align: 4 },
  i32: { size: 4, align: 4 },
  u32: { size: 4, align: 4 },
  'atomic<u32>': { size: 4, align: 4 },
  vec2f: { size: 8, align: 8 },
  'vec4<f16>': { size: 8, align: 8 },
  vec4f: { size: 16, align: 16 },
  vec4u: { size: 16, align: 16 },
};

/**
 * Reads from a kernel's text what its workgroups need: text is the one place that no kernel can forget to update. Throws
 * RangeError for types that this file has no size of.
 */
export function workgroupUse(wgsl: string): WorkgroupUse {
  const threads = Number(/@workgroup_size\((\d+)\)/.exec(wgsl)?.[1]); // what kernels have is one number
  if (!Number.isInteger(threads)) throw new RangeError('a kernel says no number of threads');
  const types = [...wgsl.matchAll(/^var<workgroup> \w+: (.*);$/gm)].map(([, type = '']) => type);
  // The sum in which WebGPU counts each variable (WebGPU, 10.2: "validating GPUProgrammableStage").
  return { threads, bytes: types.reduce((sum, type) => sum + roundUp(layoutOf(type).size, 16), 0) };
}

function layoutOf(type: string): Layout {
  const [, element, count] = /^array<(.*), (\d+)>$/.exec(type) ?? [];
  if (element === undefined) {
    const known = LAYOUTS[type];
    if (known === undefined) throw new RangeError(`no size is known of "${type}", which a workgroup shares`);
    return known;
  }
  const { size, align } = layoutOf(element);
  return { size: Number(count) * roundUp(size, align), align };
}

function roundUp(size: number, step: number): number {
  return Math.ceil(size / step) * step;
}
