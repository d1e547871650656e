import type { Program } from '@casement/ir';
import type { KernelSpec, Plan, PlanVariant, Upload } from '@casement/runtime';
import { formatPlan } from './formatPlan.ts';
import { lowerToWebGpu, type WebGpuBundle, type WebGpuOptions } from './lowerToWebGpu.ts';
import { type DeviceProfile, deviceProfiles } from './profile.ts';
import type { BundleReport } from './report.ts';

export interface BundleOptions extends Pick<WebGpuOptions, 'weights'> {
  /**
   * The device classes to build for, best first; one of them for all adapters. Those that have halves are left out of
   * programs without any. Default: all.
   */
  readonly profiles?: readonly DeviceProfile[];
}

export interface Bundle extends Pick<WebGpuBundle, 'files' | 'plan'> {
  /** By the variants' names. */
  readonly reports: ReadonlyMap<string, BundleReport>;
}

/**
 * Lowers a program (see `lowerToWebGpu`) for every device class, into one plan; classes share the files of equal kernels.
 * Throws IrError for what this target cannot run.
 */
export function buildBundle(program: Program, { weights, profiles = deviceProfiles }: BundleOptions): Bundle {
  const shared = new SharedFiles();
  const reports = new Map<string, BundleReport>();
  const useful = profiles.filter(({ features }) => !features.has('shader-f16') || hasHalves(program));
  const lowered = useful.map((profile) => {
    const { files, plan, report } = lowerToWebGpu(program, { weights, profile });
    reports.set(profile.name, report);
    const variants = plan.variants.map((variant): PlanVariant => {
      return { ...shareFiles(variant, files, shared), ...(profile.adapters ? { adapters: profile.adapters } : {}) };
    });
    return { ...plan, variants };
  });
  const [first] = lowered;
  if (first === undefined) throw new RangeError('a bundle needs a device class to be built for');
  const plan: Plan = { ...first, variants: lowered.flatMap(({ variants }) => variants) };
  return { files: new Map([['plan.json', formatPlan(plan)], ...shared.files]), plan, reports };
}

/** Whether a program computes with halves. */
function hasHalves({ entries }: Program): boolean {
  const nodes = [...entries.values()].flatMap((graph) => graph.nodes);
  return nodes.some(({ outputs }) => outputs.some(({ type }) => type.dtype === 'f16'));
}

/** The variant with the names that its files have among those of all. */
function shareFiles(variant: PlanVariant, files: WebGpuBundle['files'], shared: SharedFiles): PlanVariant {
  const kernels = Object.entries(variant.kernels).map(([id, spec]): [string, KernelSpec] => {
    return [id, { ...spec, file: shared.add(spec.file, files.get(spec.file) ?? '') }];
  });
  const uploads = variant.uploads.map((upload): Upload => {
    const content = files.get(upload.file);
    return content === undefined ? upload : { ...upload, file: shared.add(upload.file, content) };
  });
  return { ...variant, kernels: Object.fromEntries(kernels), uploads };
}

/** Files by name, equal ones once. */
class SharedFiles {
  readonly files = new Map<string, string | Uint8Array>();
  private readonly names = new Map<string, string>();

  /** The name under which the content is kept: the one wished for, or the next free one. */
  add(wished: string, content: string | Uint8Array): string {
    const key = typeof content === 'string' ? content.replace(/^\/\/ Computes .*$/m, '') : `${wished} ${content}`;
    const known = this.names.get(key);
    if (known !== undefined) return known;
    const [, stem = wished, ending = ''] = /^(.*?)(?:-\d+)?(\.[^.]*)$/.exec(wished) ?? [];
    let name = wished;
    for (let count = 2; this.files.has(name); count++) name = `${stem}-${count}${ending}`;
    this.files.set(name, content);
    this.names.set(key, name);
    return name;
  }
}
