import { expect, it } from 'vitest';
import { workgroupUse } from './workgroupUse.ts';

it('counts threads, and the memory that they share as WebGPU does', () => {
  const wgsl = `var<private> own: array<f32, 9>;
var<workgroup> tile: array<vec4f, 5>;
var<workgroup> parts: array<array<f32, 3>, 7>;
var<workgroup> halves: array<vec4<f16>, 3>;
var<workgroup> matches: u32;
@compute @workgroup_size(64)
fn main() {}`;
  // Each variable is rounded up to 16: 80 + 84 → 96 + 24 → 32 + 4 → 16.
  expect(workgroupUse(wgsl)).toEqual({ threads: 64, bytes: 80 + 96 + 32 + 16 });
});

it('refuses what it cannot count', () => {
  expect(() => workgroupUse('var<workgroup> x: mat3x3f;\n@workgroup_size(1)')).toThrow('no size is known of "mat3x3f"');
  expect(() => workgroupUse('fn main() {}')).toThrow('no number of threads');
});
