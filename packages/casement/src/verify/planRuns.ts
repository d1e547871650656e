import { isFloat } from '@casement/ir';
import type { HostTensor, HostTensors, ModelSignature } from '@casement/session';
import { nearestNames } from '@casement/weights';
import { UserError } from '../error.ts';
import type { GoldenTensors } from '../goldenFile/readTensors.ts';
import { fitInput, printSpec } from './fitInput.ts';

/** An entry that a golden has all inputs of. */
export interface PlannedEntry {
  readonly entry: string;
  /** The inputs of each of its runs; one run, unless the golden stacks several. */
  readonly runs: readonly HostTensors[];
  /** What of its outputs the golden holds. */
  readonly outputs: readonly string[];
}

/**
 * Which entries a golden is for: those whose inputs it holds by name, and that give something else it holds. When one
 * of two such entries takes all that the other takes and more, outputs of both are compared with the former's.
 */
export function planRuns(signature: ModelSignature, held: GoldenTensors): readonly PlannedEntry[] {
  const golden = { ...held, tensors: keepAllLogits(held.tensors) };
  const { tensors, roles } = golden;
  const given = roles?.inputs ?? [];
  const runnable = Object.entries(signature.entries).flatMap(([entry, spec]) => {
    const inputs = spec.inputs.map(({ name }) => name);
    if (inputs.some((name) => !Object.hasOwn(tensors, name))) return [];
    const outputs = spec.outputs.map(({ name }) => name).filter((name) => Object.hasOwn(tensors, name));
    return [{ entry, inputs, outputs: outputs.filter((name) => !inputs.includes(name) && !given.includes(name)) }];
  });
  const isRefined = (output: string, inputs: readonly string[]) =>
    runnable.some(
      (other) =>
        other.outputs.includes(output) &&
        other.inputs.length > inputs.length &&
        inputs.every((name) => other.inputs.includes(name)),
    );
  return runnable.flatMap(({ entry, inputs, outputs }) => {
    const own = outputs.filter((output) => !isRefined(output, inputs));
    return own.length === 0 ? [] : [{ entry, runs: runsOf(signature, entry, golden), outputs: own }];
  });
}

/** The first few names of a list, and how many more there are. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 8);
  return shown.join(', ') + (names.length > shown.length ? ` and ${names.length - shown.length} more` : '');
}

/** A golden that does not say which logits it holds has those of all its `input_ids` [… seq]. */
function keepAllLogits(tensors: HostTensors): HostTensors {
  const seq = tensors.input_ids?.shape.at(-1);
  if (seq === undefined || tensors.logits_to_keep) return tensors;
  return {
    ...tensors,
    logits_to_keep: { dtype: 'i32', shape: [seq], data: Int32Array.from({ length: seq }, (_, i) => i) },
  };
}

/** The planned entry that `greedy` continues, if the golden has one and no entry gives it itself. */
export function greedyEntry(plan: readonly PlannedEntry[], { tensors }: GoldenTensors): PlannedEntry | undefined {
  const { greedy } = tensors;
  if (greedy === undefined || isFloat(greedy.dtype) || plan.some(({ outputs }) => outputs.includes('greedy'))) {
    return undefined;
  }
  return plan.find(({ runs: [inputs, ...more], outputs }) => {
    return more.length === 0 && outputs.includes('logits') && inputs?.input_ids !== undefined;
  });
}

/** Throws UserError when nothing was compared, or the golden's `roles` name an output that was not. */
export function requireCompared(signature: ModelSignature, golden: GoldenTensors, compared: ReadonlySet<string>): void {
  const { file, tensors, roles } = golden;
  const entries = Object.entries(signature.entries);
  if (compared.size === 0) {
    const lines = entries.map(([entry, { inputs, outputs }]) => {
      const isLacking = (name: string) => !Object.hasOwn(tensors, name) && name !== 'logits_to_keep';
      const lacking = inputs.flatMap(({ name }) => (isLacking(name) ? [`"${name}"`] : []));
      const names = outputs.map(({ name }) => name).join(', ');
      return lacking.length > 0
        ? `  ${entry} cannot run: the golden has no ${lacking.join(', ')}`
        : `  ${entry} gives ${names || 'no outputs'}`;
    });
    throw new UserError(
      `${file}: nothing can be compared with model ${signature.name}; it holds ${some(Object.keys(tensors))}.\n` +
        lines.join('\n'),
    );
  }
  const missing = (roles?.outputs ?? []).filter((name) => !compared.has(name));
  if (missing.length === 0) return;
  const known = entries.flatMap(([, { outputs }]) => outputs.map(({ name }) => name));
  const lines = missing.map((name) => {
    const [near] = nearestNames(name, known);
    return `  "${name}"${near === undefined ? '' : ` (is it "${near}"?)`}`;
  });
  throw new UserError(
    `${file}: no entry of model ${signature.name} that can run on its inputs gives these outputs of it:\n` +
      `${lines.join('\n')}\n` +
      'Give them from an entry under these names; what takes several runs is made by an exported `golden` (GoldenScript).',
  );
}

function runsOf(signature: ModelSignature, entry: string, { file, tensors }: GoldenTensors): readonly HostTensors[] {
  const fitted = (signature.entries[entry]?.inputs ?? []).map((spec) => {
    const tensor = tensors[spec.name] as HostTensor; // the plan took only entries whose inputs are there
    return { spec, runs: fitInput(spec, tensor, `${file}: "${spec.name}"`) };
  });
  const stacked = fitted.filter(({ runs }) => runs.length !== 1);
  const counts = new Set(stacked.map(({ runs }) => runs.length));
  if (counts.size > 1) {
    const list = stacked.map(({ spec, runs }) => `${runs.length} of "${spec.name}" (${printSpec(spec)})`);
    throw new UserError(
      `${file}: its inputs for ${entry} hold different numbers of runs along an axis that the model does not declare: ` +
        list.join(', '),
    );
  }
  const [count = 1] = counts;
  return Array.from({ length: count }, (_, run) =>
    Object.fromEntries(fitted.map(({ spec, runs }) => [spec.name, (runs[run] ?? runs[0]) as HostTensor])),
  );
}
