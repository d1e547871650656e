// linearRowPerThread: y = x·weightᵀ, one thread per element of y, 4 products at a time.
//   x: f32[1 seq 12]
//   weight: f32[32 12]
//   y: f32[1 seq 32]
// Computes linear_2 (layers.0) and 1 more.

struct Dims {
  n_batch: u32,
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> dims: Dims;

fn x_vec4(i: u32) -> vec4f {
  return x[i];
}
fn weight_vec4(i: u32) -> vec4f {
  return weight[i];
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
  if (i >= (32u * dims.n_seq)) {
    return;
  }
  let own = i % 32u;
  let row = i / 32u;
  var sum = vec4f();
  for (var k = 0u; k < 3u; k++) {
    sum += x_vec4(row * 3u + k) * weight_vec4(own * 3u + k);
  }
  y_set(row * 32u + own, (sum.x + sum.y) + (sum.z + sum.w));
}
