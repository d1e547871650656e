// gatherElementPerThread: y = slices of table along axis 0 by indices, one thread per element of y.
//   table: f16[19 12], two to a word
//   indices: i32[1 1]
//   y: f16[1 1 12], kept as f32
// Computes gather_0.

@group(0) @binding(0) var<storage, read> table: array<u32>;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

fn table_at(i: u32) -> f32 {
  return unpack2x16float(table[i / 2u])[i % 2u];
}
fn indices_at(i: u32) -> i32 {
  return indices[i];
}
fn y_set(i: u32, value: f32) {
  y[i] = value;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // Workgroups past the limit of x continue along y.
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= 12u) {
    return;
  }
  let picked = indices_at((i / 12u) % 1u);
  let row = min(u32(max(picked, 0)), 19u - 1u);
  let block = i / (1u * 12u);
  let source = (block * 19u + row) * 12u + i % 12u;
  y_set(i, table_at(source));
}
