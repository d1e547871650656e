import type { Program } from '@casement/ir';
import type { Profile } from './context.ts';
import { OPSET } from './enums.ts';
import { lowerGraph } from './lowerGraph.ts';
import type { WeightPlace } from './proto.ts';
import { refuseBf16 } from './refuseBf16.ts';
import { stateLayouts } from './states.ts';

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
  readonly entries: Readonly<Record<string, { readonly file: string }>>;
  /** How each state is fed and read back. Axis `i` of the ONNX tensor is axis `perm[i]` of the state. */
  readonly states: Readonly<Record<string, StateTarget>>;
}

export interface StateTarget {
  readonly past: string;
  readonly present: string;
  readonly perm: readonly number[];
}

export interface OnnxModel {
  /** A ModelProto per entry, by file name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly target: OnnxTarget;
}

/**
 * Lowers a verified program to ONNX, one model per entry. A state is an input only where an entry reads it, and an
 * output only where the entry appends to it; after an entry that changes its length without an output, it is empty.
 * Throws IrError when an op or a dtype has no counterpart.
 */
export function lowerToOnnx(program: Program, { profile, weights }: OnnxOptions): OnnxModel {
  const layouts = stateLayouts(program);
  const files = new Map<string, Uint8Array>();
  const entries: Record<string, { file: string }> = {};
  for (const graph of program.entries.values()) {
    refuseBf16(graph);
    const file = `${graph.name}.onnx`;
    const model = lowerGraph(program, graph, { profile, weights, layouts });
    if (model === undefined) continue;
    files.set(file, model);
    entries[graph.name] = { file };
  }
  const states = [...layouts].map(([name, { past, present, perm }]) => [name, { past, present, perm }] as const);
  return { files, target: { profile, opset: OPSET, entries, states: Object.fromEntries(states) } };
}
