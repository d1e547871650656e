// linearBlockPerThread: y = x·weightᵀ, 4 rows and 4 columns of y per thread.
//   x: f16[1 seq 12], kept as f32
//   weight: f16[19 12], two to a word
//   y: f16[1 seq 19], kept as f32
// Computes linear_37.

struct Dims {
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

fn weight_step(row: u32, step: u32) -> vec4f {
  let at = row * 3u + step * 1u;
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
  let column0 = min(first + 0u, 19u - 1u);
  let column1 = min(first + 1u, 19u - 1u);
  let column2 = min(first + 2u, 19u - 1u);
  let column3 = min(first + 3u, 19u - 1u);
  let row0 = min(top + 0u, dims.n_seq - 1u);
  let row1 = min(top + 1u, dims.n_seq - 1u);
  let row2 = min(top + 2u, dims.n_seq - 1u);
  let row3 = min(top + 3u, dims.n_seq - 1u);
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var step = 0u; step < 3u; step++) {
    let weights = mat4x4f(
      weight_step(column0, step),
      weight_step(column1, step),
      weight_step(column2, step),
      weight_step(column3, step),
    );
    let x0 = x_vec4(row0 * 3u + step);
    sum0 += x0 * weights;
    let x1 = x_vec4(row1 * 3u + step);
    sum1 += x1 * weights;
    let x2 = x_vec4(row2 * 3u + step);
    sum2 += x2 * weights;
    let x3 = x_vec4(row3 * 3u + step);
    sum3 += x3 * weights;
  }
  if (first + 0u < 19u) {
    if (top + 0u < dims.n_seq) {
      y_set((top + 0u) * 19u + first + 0u, sum0[0]);
    }
    if (top + 1u < dims.n_seq) {
      y_set((top + 1u) * 19u + first + 0u, sum1[0]);
    }
    if (top + 2u < dims.n_seq) {
      y_set((top + 2u) * 19u + first + 0u, sum2[0]);
    }
    if (top + 3u < dims.n_seq) {
      y_set((top + 3u) * 19u + first + 0u, sum3[0]);
    }
  }
  if (first + 1u < 19u) {
    if (top + 0u < dims.n_seq) {
      y_set((top + 0u) * 19u + first + 1u, sum0[1]);
    }
    if (top + 1u < dims.n_seq) {
      y_set((top + 1u) * 19u + first + 1u, sum1[1]);
    }
    if (top + 2u < dims.n_seq) {
      y_set((top + 2u) * 19u + first + 1u, sum2[1]);
    }
    if (top + 3u < dims.n_seq) {
      y_set((top + 3u) * 19u + first + 1u, sum3[1]);
    }
  }
  if (first + 2u < 19u) {
    if (top + 0u < dims.n_seq) {
      y_set((top + 0u) * 19u + first + 2u, sum0[2]);
    }
    if (top + 1u < dims.n_seq) {
      y_set((top + 1u) * 19u + first + 2u, sum1[2]);
    }
    if (top + 2u < dims.n_seq) {
      y_set((top + 2u) * 19u + first + 2u, sum2[2]);
    }
    if (top + 3u < dims.n_seq) {
      y_set((top + 3u) * 19u + first + 2u, sum3[2]);
    }
  }
  if (first + 3u < 19u) {
    if (top + 0u < dims.n_seq) {
      y_set((top + 0u) * 19u + first + 3u, sum0[3]);
    }
    if (top + 1u < dims.n_seq) {
      y_set((top + 1u) * 19u + first + 3u, sum1[3]);
    }
    if (top + 2u < dims.n_seq) {
      y_set((top + 2u) * 19u + first + 3u, sum2[3]);
    }
    if (top + 3u < dims.n_seq) {
      y_set((top + 3u) * 19u + first + 3u, sum3[3]);
    }
  }
}
