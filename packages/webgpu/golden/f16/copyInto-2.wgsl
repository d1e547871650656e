// copyInto: x becomes part of y, along axis 1 from window on.
//   x: f16[1 seq 2 8], kept as f32
//   y: f16[1 window 2 8], two to a word
// Computes append_21 (layers.0) and 1 more.

struct Dims {
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> dims: Dims;

fn x_at(i: u32) -> f32 {
  return x[i];
}
fn y_setPair(i: u32, value: vec2f) {
  y[i] = pack2x16float(clamp(value, vec2f(-65504.0), vec2f(65504.0)));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // Workgroups past the limit of x continue along y.
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= (8u * dims.n_seq)) {
    return;
  }
  let to = (8u * dims.n_window) + i;
  y_setPair(to, vec2f(x_at(2u * i), x_at(2u * i + 1u)));
}
