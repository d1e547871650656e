// projectBlockPerThread: Rows of weights times rows of x, four by 4 per thread.
// Computes linear_0 (layers.0.casa_attn).

struct Dims {
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<vec2u>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> frequencies: array<f32>;
@group(0) @binding(3) var<storage, read> positions: array<i32>;
@group(0) @binding(4) var<storage, read_write> cache: array<u32>;
@group(0) @binding(5) var<uniform> dims: Dims;

fn weights_at(e: u32) -> f32 {
  let i = e / 2u;
  return unpack2x16float(weights[i / 2u][i % 2u])[e % 2u];
}
fn weights_quad(q: u32) -> vec4f {
  let words = weights[q];
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}
fn weightQuad(d: u32, quad: u32) -> vec4f {
  return weights_quad(d + quad);
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
fn cache_setPair(i: u32, value: vec2f) {
  cache[i] = pack2x16float(clamp(value, vec2f(-65504.0), vec2f(65504.0)));
}

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // What lies outside is computed from the last rows of weights and x, and not written.
  let isOwn = group.x * 32u + lane < 8u;
  let i = min(group.x * 32u + lane, 7u);
  let top = group.y * 4u;
  var d0 = 0u;
  var d1 = 0u;
  var d2 = 0u;
  var d3 = 0u;
  if (i < 4u) {
    let unit = i;
    let pair0 = unit * 2u + 0u;
    let r0 = pair0 / 4u * 8u + pair0 % 4u;
    let r2 = r0 + 4u;
    let pair1 = unit * 2u + 1u;
    let r1 = pair1 / 4u * 8u + pair1 % 4u;
    let r3 = r1 + 4u;
    d0 = r0 * 3u;
    d1 = r1 * 3u;
    d2 = r2 * 3u;
    d3 = r3 * 3u;
  } else {
    let unit = i - 4u;
    let r0 = unit * 4u + 0u;
    let r1 = unit * 4u + 1u;
    let r2 = unit * 4u + 2u;
    let r3 = unit * 4u + 3u;
    d0 = r0 * 3u + 64u;
    d1 = r1 * 3u + 64u;
    d2 = r2 * 3u + 64u;
    d3 = r3 * 3u + 64u;
  }
  let row0 = min(top + 0u, dims.n_image - 1u);
  let row1 = min(top + 1u, dims.n_image - 1u);
  let row2 = min(top + 2u, dims.n_image - 1u);
  let row3 = min(top + 3u, dims.n_image - 1u);
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var quad = 0u; quad < 3u; quad++) {
    let weights = mat4x4f(
      weightQuad(d0, quad),
      weightQuad(d1, quad),
      weightQuad(d2, quad),
      weightQuad(d3, quad),
    );
    let x0 = x[row0 * 3u + quad];
    sum0 += x0 * weights;
    let x1 = x[row1 * 3u + quad];
    sum1 += x1 * weights;
    let x2 = x[row2 * 3u + quad];
    sum2 += x2 * weights;
    let x3 = x[row3 * 3u + quad];
    sum3 += x3 * weights;
  }
  var sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
  if (isOwn) {
    if (i < 4u) {
      let unit = i;
      let pair0 = unit * 2u + 0u;
      let r0 = pair0 / 4u * 8u + pair0 % 4u;
      let r2 = r0 + 4u;
      let pair1 = unit * 2u + 1u;
      let r1 = pair1 / 4u * 8u + pair1 % 4u;
      let r3 = r1 + 4u;
      for (var r = 0u; r < min(4u, dims.n_image - top); r++) {
        let row = top + r;
        let a0 = sums[r][0];
        let a1 = sums[r][1];
        let a2 = sums[r][2];
        let a3 = sums[r][3];
        let e0 = row * 16u + r0;
        let e1 = row * 16u + r1;
        let e2 = row * 16u + r2;
        let e3 = row * 16u + r3;
        let angle_1_0 = rounded(f32(positions[row]) * frequencies[pair0 % 4u]);
        let wave_1_0 = sinCos(angle_1_0);
        let angle_1_1 = rounded(f32(positions[row]) * frequencies[pair1 % 4u]);
        let wave_1_1 = sinCos(angle_1_1);
        let v0_0 = a0 * wave_1_0.y - a2 * wave_1_0.x;
        let v0_1 = a1 * wave_1_1.y - a3 * wave_1_1.x;
        let v0_2 = a2 * wave_1_0.y + a0 * wave_1_0.x;
        let v0_3 = a3 * wave_1_1.y + a1 * wave_1_1.x;
        cache_setPair((0u + e0) / 2u, vec2f(v0_0, v0_1));
        cache_setPair((0u + e2) / 2u, vec2f(v0_2, v0_3));
      }
    } else {
      let unit = i - 4u;
      let r0 = unit * 4u + 0u;
      let r1 = unit * 4u + 1u;
      let r2 = unit * 4u + 2u;
      let r3 = unit * 4u + 3u;
      for (var r = 0u; r < min(4u, dims.n_image - top); r++) {
        let row = top + r;
        let a0 = sums[r][0];
        let a1 = sums[r][1];
        let a2 = sums[r][2];
        let a3 = sums[r][3];
        let e0 = row * 16u + r0;
        let e1 = row * 16u + r1;
        let e2 = row * 16u + r2;
        let e3 = row * 16u + r3;
        cache_setPair((0u + e0) / 2u + 192u, vec2f(a0, a1));
        cache_setPair((0u + e2) / 2u + 192u, vec2f(a2, a3));
      }
    }
  }
}
