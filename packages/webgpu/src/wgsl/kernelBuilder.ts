import { type Dim, productDims } from '@casement/ir';
import type { BindingAccess } from '@casement/runtime';
import { type Block, describe, type Operand } from '../operand.ts';
import { dimField, wgslSize } from '../size.ts';
import type { Storage } from '../storage.ts';
import {
  arrayElement,
  laneType,
  loadBody,
  storeBody,
  storePairBody,
  type Width,
  type Words,
  wordsBody,
  wordsType,
} from './access.ts';
import { indent } from './coordinates.ts';

/** A kernel's text, which calls with equal operand types share. */
export interface Kernel {
  /** Also the stem of its file's name. */
  readonly algorithm: string;
  readonly summary: string;
  /** Bindings; that of the dims is added where they are used. */
  readonly declarations: string;
  /** Functions and entry point. */
  readonly code: string;
  /** Access of each binding but the dims, from 0 on. */
  readonly bindings: readonly BindingAccess[];
  /** WGSL extensions to enable. */
  readonly enables?: readonly string[];
  readonly tile: readonly number[];
  /** The dims are bound as storage that the kernel writes, not as a uniform. */
  readonly writesDims: boolean;
}

/** A kernel with what it is bound to in one place of a graph. */
export interface KernelCall {
  readonly kernel: Kernel;
  readonly blocks: readonly Block[];
  readonly grid: readonly Dim[];
}

/** Storage buffers that a kernel binds; the dims, which it may take too, are a uniform. */
export function storageBuffers({ kernel }: KernelCall): number {
  return kernel.bindings.filter((access) => access !== 'uniform').length;
}

/** How a result is cut into tiles, one for each workgroup. */
export interface Tiling {
  /** Sizes of one, two or three axes. */
  readonly grid: readonly Dim[];
  /** How much of each axis a workgroup computes. */
  readonly tile: readonly number[];
  /** Threads of a workgroup. */
  readonly threads: number;
  /** Memory that a workgroup shares, as `name: type`. */
  readonly shared?: readonly string[];
  readonly subgroups?: boolean;
  /** Control flow depends on what is the same in all threads of a subgroup, though WGSL's rules cannot tell. */
  readonly subgroupFlow?: boolean;
}

interface Slot {
  readonly name: string;
  readonly block: Block;
  readonly storage: Storage;
  readonly reads: { readonly name: string; readonly width: Width | Words }[];
  write: { readonly name: string; readonly width: Width | 'pair' } | undefined;
}

const WORKGROUP = 64;

/**
 * Collects the operands of a kernel and writes its text. Operands are read and written through small functions, so the
 * algorithm does not see how they are stored. A block that two operands share is bound once: WebGPU forbids binding the
 * same writable memory twice.
 */
export class KernelBuilder {
  private readonly slots: Slot[] = [];
  private readonly helpers = new Set<string>();
  private readonly described: string[] = [];
  private writesDims = false;

  constructor(
    private readonly algorithm: string,
    private readonly summary: string,
  ) {}

  /** Makes an operand readable; the result writes the read of element `index` (of group `index` for width 4). */
  read(name: string, operand: Operand, width: Width = 1): (index: string) => string {
    const reader = width === 1 ? `${name}_at` : `${name}_vec4`;
    this.slotOf(name, operand).reads.push({ name: reader, width });
    return (index) => `${reader}(${index})`;
  }

  /**
   * Makes bytes readable as words of four, the first one in the low bits; the result writes the read of word `index`, a
   * u32, or of `four` words `index`, a vec4u.
   */
  readWords(name: string, operand: Operand, words: Words): (index: string) => string {
    const reader = `${name}_${words === 'word' ? 'word' : 'words'}`;
    this.slotOf(name, operand).reads.push({ name: reader, width: words });
    return (index) => `${reader}(${index})`;
  }

  /** Makes an operand writable; the result writes the statement that sets element (or group of `width`) `index`. */
  write(name: string, operand: Operand, width: Width = 1): (index: string, value: string) => string {
    this.slotOf(name, operand).write = { name: `${name}_set`, width };
    return (index, value) => `${name}_set(${index}, ${value});`;
  }

  /** Like `write` for packed halves, whose words hold two elements. */
  writePairs(name: string, operand: Operand): (word: string, pair: string) => string {
    this.slotOf(name, operand).write = { name: `${name}_setPair`, width: 'pair' };
    return (word, pair) => `${name}_setPair(${word}, ${pair});`;
  }

  /**
   * Makes a dim writable, for kernels that come later. Only for a kernel that reads no input: inputs are in the same
   * buffer, which may not be written and read in one dispatch.
   */
  writeDim(dim: string): (value: string) => string {
    this.writesDims = true;
    return (value) => `${dimField(dim)} = ${value};`;
  }

  /** Adds a WGSL function, once. */
  helper(text: string): this {
    this.helpers.add(text.trim());
    return this;
  }

  /** The call that runs `body` in one thread for each index of the shape `threads`, with `i` as its flat index. */
  perThread(threads: readonly Dim[], body: readonly string[]): KernelCall {
    const count = productDims(threads);
    const main = [
      `@compute @workgroup_size(${WORKGROUP})`,
      'fn main(',
      '  @builtin(workgroup_id) group: vec3u,',
      '  @builtin(num_workgroups) groups: vec3u,',
      '  @builtin(local_invocation_index) lane: u32,',
      ') {',
      '  // Workgroups past the limit of x continue along y.',
      `  let i = (group.y * groups.x + group.x) * ${WORKGROUP}u + lane;`,
      `  if (i >= ${wgslSize(count)}) {`,
      '    return;',
      '  }',
      indent(body),
      '}',
    ];
    return this.call(main, { tile: [WORKGROUP], grid: [count], enables: [] });
  }

  /**
   * The call that runs `body` in a workgroup for each tile of a grid, with `lane` as the thread in it and `group` as the
   * tile; of a grid of one axis, `tile` is the tile. With subgroups, `subgroupLane` is the thread in its subgroup.
   */
  perTile(
    { grid, tile, threads, shared = [], subgroups = false, subgroupFlow = false }: Tiling,
    body: readonly string[],
  ): KernelCall {
    const main = [
      ...shared.map((variable) => `var<workgroup> ${variable};`),
      ...(shared.length > 0 ? [''] : []),
      ...(subgroupFlow ? ['@diagnostic(off, subgroup_uniformity)'] : []),
      `@compute @workgroup_size(${threads})`,
      'fn main(',
      '  @builtin(workgroup_id) group: vec3u,',
      '  @builtin(local_invocation_index) lane: u32,',
      ...(grid.length === 1 ? ['  @builtin(num_workgroups) groups: vec3u,'] : []),
      ...(subgroups ? ['  @builtin(subgroup_invocation_id) subgroupLane: u32,'] : []),
      ') {',
      ...(grid.length === 1 ? [indent(tileOf(grid, tile))] : []),
      indent(body),
      '}',
    ];
    return this.call(main, { tile, grid, enables: subgroups ? ['subgroups'] : [] });
  }

  private call(
    main: readonly string[],
    { tile, grid, enables }: Pick<Tiling, 'tile' | 'grid'> & { readonly enables: readonly string[] },
  ): KernelCall {
    const functions = this.slots.flatMap(accessors);
    const code = [...functions, ...[...this.helpers].flatMap((helper) => ['', helper]), '', ...main, ''].join('\n');
    const extensions = [...(this.slots.some(({ storage }) => storage === 'f16') ? ['f16'] : []), ...enables];
    const kernel: Kernel = {
      algorithm: this.algorithm,
      summary: `${this.summary}\n${this.described.join('\n')}`,
      declarations: this.slots.map(declaration).join('\n'),
      code,
      bindings: this.slots.map(accessOf),
      ...(extensions.length > 0 ? { enables: extensions } : {}),
      tile,
      writesDims: this.writesDims,
    };
    return { kernel, blocks: this.slots.map(({ block }) => block), grid };
  }

  private slotOf(name: string, operand: Operand): Slot {
    this.described.push(`  ${name}: ${describe(operand)}`);
    const known = this.slots.find(({ block, storage }) => block === operand.block && storage === operand.storage);
    if (known) return known;
    const slot: Slot = { name, block: operand.block, storage: operand.storage, reads: [], write: undefined };
    this.slots.push(slot);
    return slot;
  }
}

/** The tile of a grid of one axis. */
function tileOf([size = 1]: readonly Dim[], [perTile = 1]: readonly number[]): readonly string[] {
  return [
    '// Workgroups past the limit of x continue along y.',
    'let tile = group.y * groups.x + group.x;',
    `if (tile * ${perTile}u >= ${wgslSize(size)}) {`,
    '  return;',
    '}',
  ];
}

/** The narrowest width anyone reads with decides how a buffer is declared. */
function boundWidth({ reads, write }: Slot): Width {
  return [...reads, ...(write ? [write] : [])].every(({ width }) => width === 4 || width === 'four words') ? 4 : 1;
}

function accessOf({ block, write }: Slot): 'read' | 'read_write' {
  // Arena blocks share a buffer, which WebGPU refuses as both read-only and writable within one dispatch.
  return write !== undefined || block.kind === 'arena' ? 'read_write' : 'read';
}

function declaration(slot: Slot, binding: number): string {
  const element = arrayElement(slot.storage, boundWidth(slot));
  return `@group(0) @binding(${binding}) var<storage, ${accessOf(slot)}> ${slot.name}: array<${element}>;`;
}

function accessors(slot: Slot): string[] {
  const { name, storage, reads, write } = slot;
  const functions = reads.map(({ name: reader, width }) => {
    const bound = boundWidth(slot);
    if (typeof width === 'string') {
      return wgslFunction(`${reader}(i: u32) -> ${wordsType(width)}`, wordsBody(name, storage, width, bound));
    }
    return wgslFunction(`${reader}(i: u32) -> ${laneType(storage, width)}`, loadBody(name, storage, width, bound));
  });
  if (write) {
    const body = write.width === 'pair' ? storePairBody(name, storage) : storeBody(name, storage, write.width);
    const type = write.width === 'pair' ? 'vec2f' : laneType(storage, write.width);
    functions.push(wgslFunction(`${write.name}(i: u32, value: ${type})`, body));
  }
  return functions;
}

function wgslFunction(signature: string, body: string): string {
  return `fn ${signature} {\n${indent([body])}\n}`;
}
