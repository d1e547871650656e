import { RuntimeError } from './error.ts';
import type { DeviceRequirements, Plan, PlanVariant } from './format/plan.ts';

/** What a device or an adapter offers. A device has `adapterInfo`, an adapter `info`. */
export interface DeviceOffer extends Pick<GPUDevice, 'features' | 'limits'> {
  readonly info?: AdapterKind | undefined;
  readonly adapterInfo?: AdapterKind | undefined;
}

interface AdapterKind {
  /** The adapter runs on the CPU. Browsers of before 2025 do not say. */
  readonly isFallbackAdapter?: boolean;
}

export interface VariantChoice {
  readonly variant: PlanVariant;
  /** For people: why this one. */
  readonly reason: string;
}

/**
 * The descriptor for `adapter.requestDevice`, so that the device can run the best variant the adapter allows, or the one
 * of this name.
 */
export function deviceDescriptor(plan: Plan, adapter: DeviceOffer, name?: string): GPUDeviceDescriptor {
  return descriptorOf(plan, chooseVariant(plan, adapter, name).variant);
}

/** The descriptor for a device that can run a variant which was chosen for its adapter. */
export function descriptorOf(
  { name }: Pick<Plan, 'name'>,
  { requires }: Pick<PlanVariant, 'requires'>,
): GPUDeviceDescriptor {
  return {
    label: name,
    requiredLimits: requires.limits,
    // The names come from the plan; a name the browser does not know was refused by chooseVariant.
    requiredFeatures: requires.features as GPUFeatureName[],
  };
}

/**
 * The first variant that is made for the adapter and that the device can run; or the one of this name, whatever it is made
 * for. Throws RuntimeError saying what the device lacks for each.
 */
export function chooseVariant(plan: Plan, offer: DeviceOffer, name?: string): VariantChoice {
  if (name !== undefined && !plan.variants.some((variant) => variant.name === name)) {
    const known = plan.variants.map((variant) => variant.name).join(', ');
    throw new RuntimeError('device', `"${plan.name}" has no variant "${name}"; its variants are ${known}`);
  }
  const kind = kindOf(offer);
  const reasons: string[] = [];
  for (const variant of plan.variants) {
    if (name !== undefined && variant.name !== name) continue;
    const missing = missingFrom(variant, offer, name === undefined ? kind : undefined);
    if (missing.length === 0) {
      const first = kind === 'cpu' ? 'the adapter runs on the CPU' : 'the adapter does not say that it runs on the CPU';
      const chosen = [first, ...reasons].join('; ');
      return { variant, reason: name === undefined ? chosen : 'it was asked for' };
    }
    reasons.push(`variant "${variant.name}": ${missing.join(', ')}`);
  }
  throw new RuntimeError(
    'device',
    `this device cannot run "${plan.name}"\n${reasons.map((reason) => `  ${reason}\n`).join('')}  ` +
      'take another device, or build for smaller capacities or a smaller dtype',
  );
}

/** All variants that are made for the adapter and that the device can run. */
export function fittingVariants(plan: Plan, offer: DeviceOffer): readonly PlanVariant[] {
  return plan.variants.filter((variant) => missingFrom(variant, offer, kindOf(offer)).length === 0);
}

/** What a device needs that can run each of some variants. */
export function joinedRequirements(variants: readonly PlanVariant[]): DeviceRequirements {
  const limits: Record<string, number> = {};
  for (const { requires } of variants) {
    for (const [name, least] of Object.entries(requires.limits)) limits[name] = Math.max(least, limits[name] ?? 0);
  }
  return { features: [...new Set(variants.flatMap(({ requires }) => requires.features))], limits };
}

function kindOf({ info, adapterInfo }: DeviceOffer): 'cpu' | 'gpu' {
  return (info ?? adapterInfo)?.isFallbackAdapter ? 'cpu' : 'gpu';
}

function missingFrom(
  { adapters, requires }: PlanVariant,
  { features, limits }: DeviceOffer,
  kind: 'cpu' | 'gpu' | undefined,
): string[] {
  const other = adapters === 'cpu' ? 'adapters that run on the CPU' : 'GPUs';
  return [
    ...(kind !== undefined && adapters !== undefined && adapters !== kind ? [`is made for ${other}`] : []),
    ...unmet(requires, { features, limits }),
  ];
}

function unmet(requires: DeviceRequirements, { features, limits }: DeviceOffer): string[] {
  // GPUSupportedLimits is an object of numbers, but its type has no index signature.
  const offered = limits as unknown as Readonly<Record<string, number | undefined>>;
  const lacking = Object.entries(requires.limits).filter(([name, least]) => !((offered[name] ?? 0) >= least));
  return [
    ...requires.features.filter((name) => !features.has(name)).map((name) => `needs the feature "${name}"`),
    ...lacking.map(([name, least]) => `needs ${name} ≥ ${least}, the device has ${offered[name] ?? 'no such limit'}`),
  ];
}
