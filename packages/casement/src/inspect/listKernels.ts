import type { DispatchPlan, Plan, PlanVariant } from '@casement/runtime';
import { type BundleReport, kernelRule } from '@casement/webgpu';
import { UserError } from '../error.ts';
import { formatTable } from '../format.ts';

/**
 * The dispatches of a bundle, for each device class and entry: what each computes, by which kernel and why that one, and
 * what fusions left alone. `variant` names the only class to show; `reports` are known where the bundle was just built.
 */
export function listKernels(
  plan: Plan,
  { variant, reports }: { readonly variant?: string; readonly reports?: ReadonlyMap<string, BundleReport> } = {},
): string {
  const shown = plan.variants.filter(({ name }) => variant === undefined || name === variant);
  if (shown.length === 0) {
    const known = plan.variants.map(({ name }) => name).join(', ');
    throw new UserError(`there is no device class "${variant}"; there are ${known}`);
  }
  return shown.map((it) => variantText(it, reports?.get(it.name))).join('\n\n');
}

function variantText({ name, adapters, requires, kernels, entries }: PlanVariant, report?: BundleReport): string {
  const made = { cpu: 'adapters that run on the CPU', gpu: 'GPUs' }[adapters ?? 'cpu'];
  const needs = requires.features.length > 0 ? `, needs ${requires.features.join(', ')}` : '';
  const lists = Object.entries(entries).flatMap(([entry, { dispatches, special = [] }]) => [
    listText(entry, dispatches, report?.entries[entry]?.notes),
    ...special.map((list, i) => {
      const when = Object.entries(list.when).map(([dim, value]) => `${dim} = ${value}`);
      return listText(`${entry} when ${when.join(', ')}`, list.dispatches, report?.entries[entry]?.special[i]?.notes);
    }),
  ]);
  const title = `class ${name}: for ${adapters ? made : 'all adapters'}${needs}; ${Object.keys(kernels).length} kernels`;
  return [title, ...lists].join('\n');
}

function listText(title: string, dispatches: readonly DispatchPlan[], notes: readonly string[] = []): string {
  const rows = dispatches.map(({ label, kernel }, i) => {
    return ['', String(i + 1).padStart(4), kernel, label, kernelRule(kernel) ?? ''];
  });
  const total = `${title}: ${dispatches.length} dispatches`;
  const table = rows.length > 0 ? [formatTable(rows).replace(/ +$/gm, '')] : [];
  return [total, ...table, ...notes.map((note) => `  not fused: ${note}`)].join('\n');
}
