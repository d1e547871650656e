// rmsNormRowPerThread: y = x / sqrt(mean(x²) + eps) · weight, one thread per row.
//   x: f32[1 seq 12]
//   weight: f32[12]
//   y: f32[1 seq 12]
// Computes rmsNorm_36.

struct Dims {
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> dims: Dims;

fn x_vec4(i: u32) -> vec4f {
  return x[i];
}
fn weight_vec4(i: u32) -> vec4f {
  return weight[i];
}
fn y_set(i: u32, value: vec4f) {
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
  if (i >= dims.n_seq) {
    return;
  }
  let start = i * 3u;
  var squares = vec4f();
  for (var j = 0u; j < 3u; j++) {
    let value = x_vec4(start + j);
    squares += value * value;
  }
  let mean = ((squares.x + squares.y) + (squares.z + squares.w)) / f32(12u);
  let scale = 1.0 / sqrt(mean + 1e-8f);
  for (var j = 0u; j < 3u; j++) {
    y_set(start + j, x_vec4(start + j) * scale * weight_vec4(j));
  }
}
