import { RuntimeError } from './error.ts';
import type { DeviceRequirements, Plan, PlanVariant } from './format/plan.ts';

/** What a device or an adapter offers. */
export type DeviceOffer = Pick<GPUDevice, 'features' | 'limits'>;

/** The descriptor for `adapter.requestDevice`, so that the device can run the best variant the adapter allows. */
export function deviceDescriptor(plan: Plan, adapter: DeviceOffer): GPUDeviceDescriptor {
  const { requires } = chooseVariant(plan, adapter);
  return {
    label: plan.name,
    requiredLimits: requires.limits,
    // The names come from the plan; a name the browser does not know was refused by chooseVariant.
    requiredFeatures: requires.features as GPUFeatureName[],
  };
}

/** The first variant that the device can run. Throws RuntimeError saying what the device lacks for each. */
export function chooseVariant(plan: Plan, offer: DeviceOffer): PlanVariant {
  const reasons: string[] = [];
  for (const variant of plan.variants) {
    const missing = missingFrom(variant.requires, offer);
    if (missing.length === 0) return variant;
    reasons.push(`  variant "${variant.name}": ${missing.join('; ')}`);
  }
  throw new RuntimeError(
    'device',
    `this device cannot run "${plan.name}"\n${reasons.join('\n')}\n  ` +
      'take another device, or build for smaller capacities or a smaller dtype',
  );
}

function missingFrom(requires: DeviceRequirements, { features, limits }: DeviceOffer): string[] {
  // GPUSupportedLimits is an object of numbers, but its type has no index signature.
  const offered = limits as unknown as Readonly<Record<string, number | undefined>>;
  const lacking = Object.entries(requires.limits).filter(([name, least]) => !((offered[name] ?? 0) >= least));
  return [
    ...requires.features.filter((name) => !features.has(name)).map((name) => `needs the feature "${name}"`),
    ...lacking.map(([name, least]) => `needs ${name} ≥ ${least}, the device has ${offered[name] ?? 'no such limit'}`),
  ];
}
