// add: y = a + b, one thread per element.
//   a_in: f16[1 seq 12], kept as f32
//   b_in: f16[1 seq 12], kept as f32
//   y: f16[1 seq 12], kept as f32
// Computes add_28 (layers.0) and 2 more.

struct Dims {
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read_write> a_in: array<f32>;
@group(0) @binding(1) var<storage, read_write> b_in: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> dims: Dims;

fn a_in_at(i: u32) -> f32 {
  return a_in[i];
}
fn b_in_at(i: u32) -> f32 {
  return b_in[i];
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
  if (i >= (12u * dims.n_seq)) {
    return;
  }
  let a = a_in_at(i);
  let b = b_in_at(i);
  y_set(i, a + b);
}
