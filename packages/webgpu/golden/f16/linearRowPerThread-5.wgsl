// linearRowPerThread: y = x·weightᵀ, one thread per element of y, 4 products at a time.
//   x: f16[1 seq 20], kept as f32
//   weight: f16[12 20], two to a word
//   y: f16[1 seq 12], kept as f32
// Computes linear_34 (layers.0).

struct Dims {
  n_batch: u32,
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> dims: Dims;

fn x_vec4(i: u32) -> vec4f {
  return x[i];
}
fn weight_vec4(i: u32) -> vec4f {
  return vec4f(unpack2x16float(weight[2u * i]), unpack2x16float(weight[2u * i + 1u]));
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
  let own = i % 12u;
  let row = i / 12u;
  var sum = vec4f();
  for (var k = 0u; k < 5u; k++) {
    sum += x_vec4(row * 5u + k) * weight_vec4(own * 5u + k);
  }
  y_set(row * 12u + own, (sum.x + sum.y) + (sum.z + sum.w));
}
