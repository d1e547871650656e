// linearRowPerThread: y = x·weightᵀ, one thread per element of y, 4 products at a time.
//   x: f16[1 image 12], kept as f32
//   weight: f16[16 12], two to a word
//   y: f16[1 image 16], kept as f32
// Computes linear_0 (layers.0.casa_attn) and 1 more.

struct Dims {
  n_batch: u32,
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
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
  if (i >= (16u * dims.n_image)) {
    return;
  }
  let own = i % 16u;
  let row = i / 16u;
  var sum = vec4f();
  for (var k = 0u; k < 3u; k++) {
    sum += x_vec4(row * 3u + k) * weight_vec4(own * 3u + k);
  }
  y_set(row * 16u + own, (sum.x + sum.y) + (sum.z + sum.w));
}
