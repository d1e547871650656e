// linearBlockPerThread: y = x·weightᵀ, 4 rows and 4 columns of y per thread.
//   x: f16[1 seq 32], kept as f32
//   weight: f16[12 32], two to a word
//   y: f16[1 seq 12], kept as f32
// Computes linear_14 (layers.0) and 1 more.

struct Dims {
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> dims: Dims;

fn x_vec4(i: u32) -> vec4f {
  return x[i];
}
fn weight_vec4(i: u32) -> vec4f {
  return vec4f(unpack2x16float(weight[2u * i]), unpack2x16float(weight[2u * i + 1u]));
}
fn y_set(i: u32, value: vec4f) {
  y[i] = value;
}

fn weight_step(row: u32, step: u32) -> vec4f {
  let at = row * 8u + step * 1u;
  return vec4f(weight_vec4(at));
}

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.x * 32u + lane) * 4u;
  let top = group.y * 4u;
  // What lies outside of y is computed from its last row and column, and not written.
  let column0 = min(first + 0u, 12u - 1u);
  let column1 = min(first + 1u, 12u - 1u);
  let column2 = min(first + 2u, 12u - 1u);
  let column3 = min(first + 3u, 12u - 1u);
  let row0 = min(top + 0u, dims.n_seq - 1u);
  let row1 = min(top + 1u, dims.n_seq - 1u);
  let row2 = min(top + 2u, dims.n_seq - 1u);
  let row3 = min(top + 3u, dims.n_seq - 1u);
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var step = 0u; step < 8u; step++) {
    let weights = mat4x4f(
      weight_step(column0, step),
      weight_step(column1, step),
      weight_step(column2, step),
      weight_step(column3, step),
    );
    let x0 = x_vec4(row0 * 8u + step);
    sum0 += x0 * weights;
    let x1 = x_vec4(row1 * 8u + step);
    sum1 += x1 * weights;
    let x2 = x_vec4(row2 * 8u + step);
    sum2 += x2 * weights;
    let x3 = x_vec4(row3 * 8u + step);
    sum3 += x3 * weights;
  }
  if (first < 12u) {
    let place = (first + 0u) / 4u;
    if (top + 0u < dims.n_seq) {
      y_set((top + 0u) * 3u + place, sum0);
    }
    if (top + 1u < dims.n_seq) {
      y_set((top + 1u) * 3u + place, sum1);
    }
    if (top + 2u < dims.n_seq) {
      y_set((top + 2u) * 3u + place, sum2);
    }
    if (top + 3u < dims.n_seq) {
      y_set((top + 3u) * 3u + place, sum3);
    }
  }
}
