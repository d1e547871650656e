import { elementCount, type Program } from '@casement/ir';
import { type DeviceProfile, lowerToWebGpu, portableProfile, type WeightLocation } from '@casement/webgpu';

/** Whether a program is lowered to other kernels for a device class than for every device. */
export function hasOwnKernels(program: Program, profile: DeviceProfile): boolean {
  return kernelsFor(program, profile) !== kernelsFor(program, portableProfile);
}

function kernelsFor(program: Program, profile: DeviceProfile): string {
  const { files } = lowerToWebGpu(program, { weights: locationsOf(program), profile });
  return [...files].flatMap(([name, text]) => (name.endsWith('.wgsl') ? [name, text] : [])).join('\n');
}

/** Places for weights that nobody reads. */
export function locationsOf(program: Program): ReadonlyMap<string, WeightLocation> {
  const bytes = { bool: 1, u8: 1, i32: 4, i64: 8, f16: 2, bf16: 2, f32: 4 };
  const locations = [...program.params.values()].map(({ name, type: { dtype, shape } }) => {
    const byteLength = elementCount(shape.map(Number)) * bytes[dtype];
    return [name, { file: 'none', byteOffset: 0, byteLength, dtype }] as const;
  });
  return new Map(locations);
}
