// ropePairPerThread: y = x rotated by its positions (half), one thread per pair.
//   x: f32[1 image 2 8]
//   positions: i32[1 image]
//   frequencies: f32[4]
//   y: f32[1 image 2 8]
// Computes rope_4 (layers.0.casa_attn).

struct Dims {
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read> positions: array<i32>;
@group(0) @binding(2) var<storage, read> frequencies: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> dims: Dims;

fn x_at(i: u32) -> f32 {
  return x[i];
}
fn positions_at(i: u32) -> i32 {
  return positions[i];
}
fn frequencies_at(i: u32) -> f32 {
  return frequencies[i];
}
fn y_set(i: u32, value: f32) {
  y[i] = value;
}

fn rounded(x: f32) -> f32 {
  return max(x, -3.0e38);
}

// (sin x, cos x)
fn sinCos(x: f32) -> vec2f {
  let quarter = floor(x * 0.636619772 + 0.5);
  var r = rounded(x - rounded(quarter * 1.5703125));
  r = rounded(r - rounded(quarter * 4.825592041015625e-4));
  r = rounded(r - rounded(quarter * 1.2665987014770508e-6));
  r = r - quarter * 9.920935184482005e-10;
  let z = r * r;
  let s = r + r * z * (-1.6666654611e-1 + z * (8.3321608736e-3 - z * 1.9515295891e-4));
  let c = 1.0 - 0.5 * z + z * z * (4.166664568298827e-2 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5));
  let turn = i32(quarter) & 3;
  let swapped = select(vec2f(s, c), vec2f(c, s), (turn & 1) == 1);
  return swapped * vec2f(select(1.0, -1.0, turn >= 2), select(1.0, -1.0, turn == 1 || turn == 2));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // Workgroups past the limit of x continue along y.
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= (8u * dims.n_image)) {
    return;
  }
  let token = i / 8u;
  let head = (i / 4u) % 2u;
  let pair = i % 4u;
  let angle = rounded(f32(positions_at(token)) * frequencies_at(pair));
  let wave = sinCos(angle);
  let start = token * 16u + head * 8u;
  let a = x_at(start + pair);
  let b = x_at(start + pair + 4u);
  y_set(start + pair, a * wave.y - b * wave.x);
  y_set(start + pair + 4u, b * wave.y + a * wave.x);
}
