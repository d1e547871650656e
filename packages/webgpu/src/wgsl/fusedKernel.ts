import type { BindingAccess } from '@casement/runtime';
import type { Block, Operand } from '../operand.ts';
import { storageInfo } from '../storage.ts';
import { storedValue, storePairBody } from './access.ts';
import { indent } from './coordinates.ts';
import type { Kernel, KernelCall, Tiling } from './kernelBuilder.ts';
import type { SpanPart } from './spans.ts';

type Element = 'f32' | 'u32' | 'i32' | 'f16' | 'vec4f' | 'vec4u' | 'vec2u' | 'vec4<f16>';

interface Binding {
  readonly name: string;
  readonly block: Block;
  readonly element: Element;
  access: BindingAccess;
}

/** Reads one element of an operand, or four; the index is WGSL. */
export interface Access {
  readonly at: (index: string) => string;
  readonly quad: (index: string) => string;
}

/** How the threads of a kernel share its units of work. */
export interface Threads {
  /** `thread`: one unit each. `group`: a workgroup for each unit. */
  readonly unit: 'thread' | 'group';
  readonly size: number;
  /** Threads behind the last unit keep up with the others, and throw away what they compute: `isOwn` is false there. */
  readonly keepUp?: boolean;
}

/**
 * The text of a fused kernel. Unlike `KernelBuilder` it binds a range of a buffer once for many operands, which may be
 * read by elements of any kind.
 */
export class FusedKernel {
  private readonly bindings: Binding[] = [];
  private readonly helpers = new Set<string>();
  private readonly described: string[] = [];

  constructor(
    private readonly algorithm: string,
    private readonly summary: string,
    /** Params that are bound as parts of larger ranges. */
    private readonly spans: ReadonlyMap<Block, SpanPart>,
  ) {}

  helper(text: string): this {
    this.helpers.add(text.trim());
    return this;
  }

  describe(line: string): void {
    this.described.push(`  ${line}`);
  }

  get storageBuffers(): number {
    return this.bindings.filter(({ access }) => access !== 'uniform').length;
  }

  /** Binds the range that an operand is part of; gives its name and the operand's first byte in it. */
  bind(role: string, { block }: Operand, element: Element): { name: string; element: Element; offset: number } {
    const part = this.spans.get(block);
    const bound = part?.span ?? block;
    const known = this.bindings.find((binding) => sameMemory(binding.block, bound));
    if (known) return { ...known, offset: part?.offset ?? 0 };
    const taken = this.bindings.filter(({ name }) => name === role || name.startsWith(`${role}_`)).length;
    // WebGPU refuses a buffer as both read-only and writable within one dispatch.
    const access = bound.kind === 'arena' || bound.kind === 'loop' ? 'read_write' : 'read';
    const binding: Binding = { name: taken > 0 ? `${role}_${taken}` : role, block: bound, element, access };
    this.bindings.push(binding);
    return { ...binding, offset: part?.offset ?? 0 };
  }

  /** Binds an input of at most four words as a uniform; uniforms are not counted as storage. */
  uniform(role: string, { block }: Operand): string {
    const known = this.bindings.find((binding) => sameMemory(binding.block, block));
    if (known) return known.name;
    this.bindings.push({ name: role, block, element: 'i32', access: 'uniform' });
    return role;
  }

  /** Makes floats readable. */
  read(role: string, operand: Operand, prefer: 'element' | 'quad'): Access {
    const { storage, block } = operand;
    // Spans of weights are bound as whole words, of which others read other parts.
    const packed = storageInfo(storage).packed || (storage === 'f16' && block.kind === 'weights');
    const [four, one]: readonly [Element, Element] = packed
      ? ['vec2u', 'u32']
      : storage === 'f16'
        ? ['vec4<f16>', 'f16']
        : ['vec4f', 'f32'];
    const { name, element, offset } = this.bind(role, operand, prefer === 'quad' ? four : one);
    if (packed) return this.readHalves(name, element, storage === 'bf16x2', offset);
    return readFloats(name, element, offset);
  }

  /** Makes an operand writable that is not packed. */
  write(role: string, operand: Operand): (index: string, value: string) => string {
    const { storage } = operand;
    if (storage === 'f16x2' || storage === 'bf16x2' || storage === 'u8x4') {
      throw new RangeError(`${role} is stored as ${storage}, which is written by words`);
    }
    const { name, offset } = this.bind(role, operand, storage);
    this.makeWritable(name);
    return (index, value) =>
      `${name}[${plus(index, offset / storageInfo(storage).bytes)}] = ${storedValue(value, storage, 1)};`;
  }

  /** Makes floats writable, four at a time. */
  writeQuads(role: string, operand: Operand): (quad: string, value: string) => string {
    const { name, offset } = this.bind(role, operand, 'vec4f');
    this.makeWritable(name);
    return (quad, value) => `${name}[${plus(quad, offset / 16)}] = ${value};`;
  }

  /** Makes packed halves writable, word by word. */
  writePairs(role: string, operand: Operand): (word: string, pair: string) => string {
    const { name, offset } = this.bind(role, operand, 'u32');
    this.makeWritable(name);
    this.helper(`fn ${name}_setPair(i: u32, value: vec2f) {\n${indent([storePairBody(name, operand.storage)])}\n}`);
    return (word, pair) => `${name}_setPair(${plus(word, offset / 4)}, ${pair});`;
  }

  /** The call that runs `body` for each of `units` units, with `i` as the unit and `lane` as the thread in its group. */
  finish(
    units: number,
    { unit, size, keepUp = false }: Threads,
    body: readonly string[],
    enable: readonly string[] = [],
  ): KernelCall {
    const index =
      unit === 'thread' ? `(group.y * groups.x + group.x) * ${size}u + lane` : 'group.y * groups.x + group.x';
    const main = [
      `@compute @workgroup_size(${size})`,
      'fn main(',
      '  @builtin(workgroup_id) group: vec3u,',
      '  @builtin(num_workgroups) groups: vec3u,',
      '  @builtin(local_invocation_index) lane: u32,',
      ...(enable.includes('subgroups')
        ? ['  @builtin(subgroup_size) subgroupSize: u32,', '  @builtin(subgroup_invocation_id) subgroupLane: u32,']
        : []),
      ') {',
      '  // Workgroups past the limit of x continue along y.',
      ...(keepUp
        ? [`  let isOwn = ${index} < ${units}u;`, `  let i = min(${index}, ${units - 1}u);`]
        : [`  let i = ${index};`, `  if (i >= ${units}u) {`, '    return;', '  }']),
      indent(body),
      '}',
    ];
    return { ...this.textOf(main, [unit === 'thread' ? size : 1], enable), grid: [units] };
  }

  /** The call that runs `body` in a workgroup for each tile of a grid of several axes, as `KernelBuilder.perTile` does. */
  finishTiles({ grid, tile, threads, shared = [], subgroups = false }: Tiling, body: readonly string[]): KernelCall {
    const main = [
      ...shared.map((variable) => `var<workgroup> ${variable};`),
      ...(shared.length > 0 ? [''] : []),
      `@compute @workgroup_size(${threads})`,
      'fn main(',
      '  @builtin(workgroup_id) group: vec3u,',
      '  @builtin(local_invocation_index) lane: u32,',
      ...(subgroups ? ['  @builtin(subgroup_invocation_id) subgroupLane: u32,'] : []),
      ') {',
      indent(body),
      '}',
    ];
    return { ...this.textOf(main, tile, subgroups ? ['subgroups'] : []), grid };
  }

  private textOf(
    main: readonly string[],
    tile: readonly number[],
    enable: readonly string[],
  ): Pick<KernelCall, 'kernel' | 'blocks'> {
    const kernel: Kernel = {
      algorithm: this.algorithm,
      summary: [this.summary, ...this.described].join('\n'),
      enables: [
        ...(this.bindings.some(({ element }) => element.endsWith('f16') || element.endsWith('f16>')) ? ['f16'] : []),
        ...enable,
      ],
      declarations: this.bindings.map(declaration).join('\n'),
      code: [...this.helpers, '', ...main, ''].join('\n'),
      bindings: this.bindings.map(({ access }) => access),
      tile,
      writesDims: false,
    };
    return { kernel, blocks: this.bindings.map(({ block }) => block) };
  }

  private makeWritable(name: string): void {
    for (const binding of this.bindings) if (binding.name === name) binding.access = 'read_write';
  }

  private readHalves(name: string, element: Element, bf16: boolean, offset: number): Access {
    const unpack = bf16 ? `${name}_pair` : 'unpack2x16float';
    if (bf16) {
      this.helper(`fn ${name}_pair(word: u32) -> vec2f {
  return bitcast<vec2f>(vec2u(word << 16u, word & 0xffff0000u));
}`);
    }
    const word = { vec4u: `${name}[i / 4u][i % 4u]`, vec2u: `${name}[i / 2u][i % 2u]`, u32: `${name}[i]` }[
      String(element)
    ];
    this.helper(`fn ${name}_at(e: u32) -> f32 {
  let i = e / 2u;
  return ${unpack}(${word})[e % 2u];
}`);
    const words = {
      vec4u: `let both = ${name}[q / 2u];\n  let words = select(both.xy, both.zw, q % 2u == 1u);`,
      vec2u: `let words = ${name}[q];`,
      u32: `let words = vec2u(${name}[2u * q], ${name}[2u * q + 1u]);`,
    }[String(element)];
    this.helper(`fn ${name}_quad(q: u32) -> vec4f {
  ${words}
  return vec4f(${unpack}(words.x), ${unpack}(words.y));
}`);
    return {
      at: (index) => `${name}_at(${plus(index, offset / 2)})`,
      quad: (index) => `${name}_quad(${plus(index, offset / 8)})`,
    };
  }
}

function readFloats(name: string, element: Element, offset: number): Access {
  const halves = element === 'f16' || element === 'vec4<f16>';
  const quads = element === 'vec4f' || element === 'vec4<f16>';
  const bytes = halves ? 2 : 4;
  const lanes = ['0u', '1u', '2u', '3u'].map(
    (lane) => (index: string) => `${name}[4u * (${plus(index, offset / bytes / 4)}) + ${lane}]`,
  );
  const [one, four] = [
    (text: string) => (halves ? `f32(${text})` : text),
    (text: string) => (halves ? `vec4f(${text})` : text),
  ];
  return {
    at: (index) => {
      const at = plus(index, offset / bytes);
      return one(quads ? `${name}[(${at}) / 4u][(${at}) % 4u]` : `${name}[${at}]`);
    },
    quad: (index) =>
      quads
        ? four(`${name}[${plus(index, offset / bytes / 4)}]`)
        : four(`${halves ? 'vec4' : 'vec4f'}(${lanes.map((lane) => lane(index)).join(', ')})`),
  };
}

function sameMemory(a: Block, b: Block): boolean {
  if (a === b || !a.place || !b.place) return a === b;
  return a.place.buffer === b.place.buffer && a.place.offset === b.place.offset && a.bytes === b.bytes;
}

/** `index + offset` as WGSL. */
export function plus(index: string, offset: number): string {
  return offset === 0 ? index : `${index} + ${offset}u`;
}

function declaration({ name, element, access }: Binding, binding: number): string {
  const place = `@group(0) @binding(${binding})`;
  // A uniform's elements take 16 bytes each, so its words come as one vector.
  if (access === 'uniform') return `${place} var<uniform> ${name}: vec4i;`;
  return `${place} var<storage, ${access}> ${name}: array<${element}>;`;
}
