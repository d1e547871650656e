// swiglu: y = a * sigmoid(a) * b, one thread per element.
//   a_in: f16[1 seq 20], kept as f32
//   b_in: f16[1 seq 20], kept as f32
//   y: f16[1 seq 20], kept as f32
// Computes swiglu_33 (layers.0).

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

fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-max(x, -80.0)));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // Workgroups past the limit of x continue along y.
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= (20u * dims.n_seq)) {
    return;
  }
  let a = a_in_at(i);
  let b = b_in_at(i);
  y_set(i, a * sigmoid(a) * b);
}
