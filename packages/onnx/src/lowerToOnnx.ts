import { type Graph, lengthDim, type Program } from '@casement/ir';
import type { Profile } from './context.ts';
import { OPSET } from './enums.ts';
import { BATCH, batchGraph } from './fuse/batchGraph.ts';
import { type Fused, fuse, unfused } from './fuse/fuse.ts';
import { Notes } from './fuse/notes.ts';
import { preallocatedDims } from './fuse/preallocated.ts';
import type { GivenInput } from './given.ts';
import { lowerGraph } from './lowerGraph.ts';
import type { WeightPlace } from './proto.ts';
import { reasonForCuda, refuseBf16 } from './refuseBf16.ts';
import { stateLayouts } from './states.ts';

const ANY_BATCH = { min: 1, max: 1 << 16, multipleOf: 1 };

export interface OnnxOptions {
  readonly profile: Profile;
  /** Where a param's bytes are (little endian, in the param's dtype): a range of a file beside the model, or here. */
  readonly weights: (param: string) => WeightPlace;
}

/** The ONNX part of a manifest. */
export interface OnnxTarget {
  readonly profile: Profile;
  readonly opset: number;
  /** An entry that only empties states has no model. */
  readonly entries: Readonly<Record<string, EntryTarget>>;
  /** How each state is fed and read back. Axis `i` of the ONNX tensor is axis `perm[i]` of the state. */
  readonly states: Readonly<Record<string, StateTarget>>;
}

export interface EntryTarget {
  readonly file: string;
  /** Why only the CUDA provider can run it; absent: the CPU can, too. */
  readonly cudaOnly?: string;
  /** Inputs that are computed from the lengths of states. */
  readonly given?: readonly GivenInput[];
  /** Inputs that must be below a number, and not negative. */
  readonly below?: Readonly<Record<string, number>>;
  /** Whether the model takes several sequences in a run, of which each adds as many rows. */
  readonly batch?: BatchTarget;
}

export interface BatchTarget {
  /** Which axis of an input counts sequences; inputs that are absent are the same for all. */
  readonly axes: Readonly<Record<string, number>>;
  /** For sequences that add a row at the same place in the cache counted by `dim`, `input` must be the same there. */
  readonly alike: readonly { readonly input: string; readonly dim: string }[];
}

export interface StateTarget {
  readonly past: string;
  readonly present: string;
  readonly perm: readonly number[];
  /** The tensor has this length, whatever of it is valid; absent: it is as long as the state. */
  readonly capacity?: number;
  /** The tensor holds the state times this; absent: the state. */
  readonly factor?: number;
}

export interface OnnxModel {
  /** A ModelProto per entry, by file name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly target: OnnxTarget;
  /** What profile `ort` left unfused, and why, by entry; under `program` what concerns all of them. */
  readonly notes: ReadonlyMap<string, readonly string[]>;
}

/**
 * Lowers a verified program to ONNX, one model per entry. A state is an input only where an entry reads it, and an
 * output only where the entry appends to it; after an entry that changes its length without an output, it is empty.
 * Throws IrError when an op or a dtype has no counterpart.
 */
export function lowerToOnnx(program: Program, { profile, weights }: OnnxOptions): OnnxModel {
  const layouts = stateLayouts(program);
  const common = new Notes();
  const preallocated = profile === 'ort' ? preallocatedDims(program, common) : new Set<string>();
  const files = new Map<string, Uint8Array>();
  const scales = new Map<string, number>();
  const notes = new Map<string, readonly string[]>();
  const entries: Record<string, EntryTarget> = {};
  for (const graph of program.entries.values()) {
    if (profile === 'onnx') refuseBf16(graph);
    const cudaOnly = reasonForCuda(graph);
    const file = `${graph.name}.onnx`;
    const heard = new Notes();
    const grown = profile === 'ort' ? growingDims(program, graph, preallocated) : undefined;
    if (grown?.length)
      heard.add('several sequences in a run', graph.name, `states counted by ${grown} grow from run to run`);
    const wide = grown?.length === 0 ? batchGraph(program, graph, heard) : undefined;
    const fused =
      profile === 'ort' ? fuse(program, wide?.graph ?? graph, preallocated, weights, heard) : unfused(graph);
    for (const [state, scale] of fused.foldedScales) scales.set(state, scale);
    const sized = wide ? { ...program, dims: new Map([...program.dims, [BATCH, ANY_BATCH]]) } : program;
    const lowered = lowerGraph(sized, { profile, fused, weights, layouts });
    if (lowered === undefined) continue;
    const { model, given, below } = lowered;
    files.set(file, model);
    notes.set(graph.name, heard.texts);
    entries[graph.name] = {
      file,
      ...(cudaOnly === undefined ? {} : { cudaOnly }),
      ...(given.length > 0 ? { given } : {}),
      ...(Object.keys(below).length > 0 ? { below } : {}),
      ...(wide ? { batch: { axes: wide.axes, alike: alikeInputs(program, fused) } } : {}),
    };
  }
  const states = [...layouts].map(([name, { past, present, perm, decl }]): [string, StateTarget] => {
    const dim = lengthDim(decl);
    const capacity = preallocated.has(dim) ? { capacity: program.dims.get(dim)?.max ?? 0 } : {};
    const scale = scales.get(name);
    return [name, { past, present, perm, ...capacity, ...(scale === undefined ? {} : { factor: Math.sqrt(scale) }) }];
  });
  return {
    files,
    target: { profile, opset: OPSET, entries, states: Object.fromEntries(states) },
    notes: new Map([['program', common.texts], ...notes]),
  };
}

/**
 * The dims of an entry's states that are not held at full capacity; undefined without states. Several sequences share a
 * run only where all their states are told apart by given lengths.
 */
function growingDims(program: Program, graph: Graph, preallocated: ReadonlySet<string>): readonly string[] | undefined {
  const dims = graph.states.flatMap(({ state }) => program.states.get(state) ?? []).map(lengthDim);
  return dims.length > 0 ? [...new Set(dims)].filter((dim) => !preallocated.has(dim)) : undefined;
}

/** Attention that rotates by itself looks angles up by place, in a table that all sequences of a run share. */
function alikeInputs(program: Program, { qkv, graph }: Fused): { readonly input: string; readonly dim: string }[] {
  const found = new Map<string, { readonly input: string; readonly dim: string }>();
  for (const [{ inputs }, { rope }] of qkv) {
    const decl = program.states.get(inputs[1]?.state ?? '');
    const input = graph.inputs.find((each) => each === rope?.positions)?.name;
    if (decl && input) found.set(`${input} ${lengthDim(decl)}`, { input, dim: lengthDim(decl) });
  }
  return [...found.values()];
}
