// projectRows: Rows of weights times x, normed, 8 at a time by one thread.
// Computes linear_2 (layers.0).

struct Dims {
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> frequencies: array<f32>;
@group(0) @binding(3) var<uniform> positions: vec4i;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;
@group(0) @binding(5) var<storage, read_write> cache: array<f32>;
@group(0) @binding(6) var<storage, read_write> result_1: array<f32>;
@group(0) @binding(7) var<uniform> dims: Dims;

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

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // Workgroups past the limit of x continue along y.
  let i = (group.y * groups.x + group.x) * 16u + lane;
  if (i >= 16u) {
    return;
  }
  var d0 = 0u;
  var d1 = 0u;
  var d2 = 0u;
  var d3 = 0u;
  var d4 = 0u;
  var d5 = 0u;
  var d6 = 0u;
  var d7 = 0u;
  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  var s4 = vec4f();
  var s5 = vec4f();
  var s6 = vec4f();
  var s7 = vec4f();
  var squares = vec4f();
  if (i < 4u) {
    let unit = i;
    let pair0 = unit * 4u + 0u;
    let r0 = pair0 / 4u * 8u + pair0 % 4u;
    let r4 = r0 + 4u;
    let pair1 = unit * 4u + 1u;
    let r1 = pair1 / 4u * 8u + pair1 % 4u;
    let r5 = r1 + 4u;
    let pair2 = unit * 4u + 2u;
    let r2 = pair2 / 4u * 8u + pair2 % 4u;
    let r6 = r2 + 4u;
    let pair3 = unit * 4u + 3u;
    let r3 = pair3 / 4u * 8u + pair3 % 4u;
    let r7 = r3 + 4u;
    d0 = r0 * 3u + 16u;
    d1 = r1 * 3u + 16u;
    d2 = r2 * 3u + 16u;
    d3 = r3 * 3u + 16u;
    d4 = r4 * 3u + 16u;
    d5 = r5 * 3u + 16u;
    d6 = r6 * 3u + 16u;
    d7 = r7 * 3u + 16u;
  } else if (i < 6u) {
    let unit = i - 4u;
    let pair0 = unit * 4u + 0u;
    let r0 = pair0 / 4u * 8u + pair0 % 4u;
    let r4 = r0 + 4u;
    let pair1 = unit * 4u + 1u;
    let r1 = pair1 / 4u * 8u + pair1 % 4u;
    let r5 = r1 + 4u;
    let pair2 = unit * 4u + 2u;
    let r2 = pair2 / 4u * 8u + pair2 % 4u;
    let r6 = r2 + 4u;
    let pair3 = unit * 4u + 3u;
    let r3 = pair3 / 4u * 8u + pair3 % 4u;
    let r7 = r3 + 4u;
    d0 = r0 * 3u + 112u;
    d1 = r1 * 3u + 112u;
    d2 = r2 * 3u + 112u;
    d3 = r3 * 3u + 112u;
    d4 = r4 * 3u + 112u;
    d5 = r5 * 3u + 112u;
    d6 = r6 * 3u + 112u;
    d7 = r7 * 3u + 112u;
  } else if (i < 8u) {
    let unit = i - 6u;
    let r0 = unit * 8u + 0u;
    let r1 = unit * 8u + 1u;
    let r2 = unit * 8u + 2u;
    let r3 = unit * 8u + 3u;
    let r4 = unit * 8u + 4u;
    let r5 = unit * 8u + 5u;
    let r6 = unit * 8u + 6u;
    let r7 = unit * 8u + 7u;
    d0 = r0 * 3u + 160u;
    d1 = r1 * 3u + 160u;
    d2 = r2 * 3u + 160u;
    d3 = r3 * 3u + 160u;
    d4 = r4 * 3u + 160u;
    d5 = r5 * 3u + 160u;
    d6 = r6 * 3u + 160u;
    d7 = r7 * 3u + 160u;
  } else if (i < 12u) {
    let unit = i - 8u;
    let pair0 = unit * 4u + 0u;
    let r0 = pair0 / 4u * 8u + pair0 % 4u;
    let r4 = r0 + 4u;
    let pair1 = unit * 4u + 1u;
    let r1 = pair1 / 4u * 8u + pair1 % 4u;
    let r5 = r1 + 4u;
    let pair2 = unit * 4u + 2u;
    let r2 = pair2 / 4u * 8u + pair2 % 4u;
    let r6 = r2 + 4u;
    let pair3 = unit * 4u + 3u;
    let r3 = pair3 / 4u * 8u + pair3 % 4u;
    let r7 = r3 + 4u;
    d0 = r0 * 3u + 208u;
    d1 = r1 * 3u + 208u;
    d2 = r2 * 3u + 208u;
    d3 = r3 * 3u + 208u;
    d4 = r4 * 3u + 208u;
    d5 = r5 * 3u + 208u;
    d6 = r6 * 3u + 208u;
    d7 = r7 * 3u + 208u;
  } else if (i < 14u) {
    let unit = i - 12u;
    let pair0 = unit * 4u + 0u;
    let r0 = pair0 / 4u * 8u + pair0 % 4u;
    let r4 = r0 + 4u;
    let pair1 = unit * 4u + 1u;
    let r1 = pair1 / 4u * 8u + pair1 % 4u;
    let r5 = r1 + 4u;
    let pair2 = unit * 4u + 2u;
    let r2 = pair2 / 4u * 8u + pair2 % 4u;
    let r6 = r2 + 4u;
    let pair3 = unit * 4u + 3u;
    let r3 = pair3 / 4u * 8u + pair3 % 4u;
    let r7 = r3 + 4u;
    d0 = r0 * 3u + 304u;
    d1 = r1 * 3u + 304u;
    d2 = r2 * 3u + 304u;
    d3 = r3 * 3u + 304u;
    d4 = r4 * 3u + 304u;
    d5 = r5 * 3u + 304u;
    d6 = r6 * 3u + 304u;
    d7 = r7 * 3u + 304u;
  } else {
    let unit = i - 14u;
    let r0 = unit * 8u + 0u;
    let r1 = unit * 8u + 1u;
    let r2 = unit * 8u + 2u;
    let r3 = unit * 8u + 3u;
    let r4 = unit * 8u + 4u;
    let r5 = unit * 8u + 5u;
    let r6 = unit * 8u + 6u;
    let r7 = unit * 8u + 7u;
    d0 = r0 * 3u + 352u;
    d1 = r1 * 3u + 352u;
    d2 = r2 * 3u + 352u;
    d3 = r3 * 3u + 352u;
    d4 = r4 * 3u + 352u;
    d5 = r5 * 3u + 352u;
    d6 = r6 * 3u + 352u;
    d7 = r7 * 3u + 352u;
  }
  for (var k = 0u; k < 3u; k++) {
    let raw_x0 = x[k];
    squares += raw_x0 * raw_x0;
    let x0 = raw_x0 * weights[k];
    s0 += weights[d0 + k] * x0;
    s1 += weights[d1 + k] * x0;
    s2 += weights[d2 + k] * x0;
    s3 += weights[d3 + k] * x0;
    s4 += weights[d4 + k] * x0;
    s5 += weights[d5 + k] * x0;
    s6 += weights[d6 + k] * x0;
    s7 += weights[d7 + k] * x0;
  }
  let t_s0 = (s0.x + s0.y) + (s0.z + s0.w);
  let t_s1 = (s1.x + s1.y) + (s1.z + s1.w);
  let t_s2 = (s2.x + s2.y) + (s2.z + s2.w);
  let t_s3 = (s3.x + s3.y) + (s3.z + s3.w);
  let t_s4 = (s4.x + s4.y) + (s4.z + s4.w);
  let t_s5 = (s5.x + s5.y) + (s5.z + s5.w);
  let t_s6 = (s6.x + s6.y) + (s6.z + s6.w);
  let t_s7 = (s7.x + s7.y) + (s7.z + s7.w);
  let t_squares = (squares.x + squares.y) + (squares.z + squares.w);
  let scale = 1.0 / sqrt(t_squares / 12.0 + 0.000001f);
  let a0 = t_s0 * scale;
  let a1 = t_s1 * scale;
  let a2 = t_s2 * scale;
  let a3 = t_s3 * scale;
  let a4 = t_s4 * scale;
  let a5 = t_s5 * scale;
  let a6 = t_s6 * scale;
  let a7 = t_s7 * scale;
  if (i < 4u) {
    let unit = i;
    let pair0 = unit * 4u + 0u;
    let r0 = pair0 / 4u * 8u + pair0 % 4u;
    let r4 = r0 + 4u;
    let pair1 = unit * 4u + 1u;
    let r1 = pair1 / 4u * 8u + pair1 % 4u;
    let r5 = r1 + 4u;
    let pair2 = unit * 4u + 2u;
    let r2 = pair2 / 4u * 8u + pair2 % 4u;
    let r6 = r2 + 4u;
    let pair3 = unit * 4u + 3u;
    let r3 = pair3 / 4u * 8u + pair3 % 4u;
    let r7 = r3 + 4u;
    let angle_1_0 = rounded(f32(positions[0u]) * frequencies[pair0 % 4u]);
    let wave_1_0 = sinCos(angle_1_0);
    let angle_1_1 = rounded(f32(positions[0u]) * frequencies[pair1 % 4u]);
    let wave_1_1 = sinCos(angle_1_1);
    let angle_1_2 = rounded(f32(positions[0u]) * frequencies[pair2 % 4u]);
    let wave_1_2 = sinCos(angle_1_2);
    let angle_1_3 = rounded(f32(positions[0u]) * frequencies[pair3 % 4u]);
    let wave_1_3 = sinCos(angle_1_3);
    let v0_0 = a0 * wave_1_0.y - a4 * wave_1_0.x;
    let v0_1 = a1 * wave_1_1.y - a5 * wave_1_1.x;
    let v0_2 = a2 * wave_1_2.y - a6 * wave_1_2.x;
    let v0_3 = a3 * wave_1_3.y - a7 * wave_1_3.x;
    let v0_4 = a4 * wave_1_0.y + a0 * wave_1_0.x;
    let v0_5 = a5 * wave_1_1.y + a1 * wave_1_1.x;
    let v0_6 = a6 * wave_1_2.y + a2 * wave_1_2.x;
    let v0_7 = a7 * wave_1_3.y + a3 * wave_1_3.x;
    result[r0] = v0_0;
    result[r1] = v0_1;
    result[r2] = v0_2;
    result[r3] = v0_3;
    result[r4] = v0_4;
    result[r5] = v0_5;
    result[r6] = v0_6;
    result[r7] = v0_7;
  } else if (i < 6u) {
    let unit = i - 4u;
    let pair0 = unit * 4u + 0u;
    let r0 = pair0 / 4u * 8u + pair0 % 4u;
    let r4 = r0 + 4u;
    let pair1 = unit * 4u + 1u;
    let r1 = pair1 / 4u * 8u + pair1 % 4u;
    let r5 = r1 + 4u;
    let pair2 = unit * 4u + 2u;
    let r2 = pair2 / 4u * 8u + pair2 % 4u;
    let r6 = r2 + 4u;
    let pair3 = unit * 4u + 3u;
    let r3 = pair3 / 4u * 8u + pair3 % 4u;
    let r7 = r3 + 4u;
    let angle_1_0 = rounded(f32(positions[0u]) * frequencies[pair0 % 4u]);
    let wave_1_0 = sinCos(angle_1_0);
    let angle_1_1 = rounded(f32(positions[0u]) * frequencies[pair1 % 4u]);
    let wave_1_1 = sinCos(angle_1_1);
    let angle_1_2 = rounded(f32(positions[0u]) * frequencies[pair2 % 4u]);
    let wave_1_2 = sinCos(angle_1_2);
    let angle_1_3 = rounded(f32(positions[0u]) * frequencies[pair3 % 4u]);
    let wave_1_3 = sinCos(angle_1_3);
    let v0_0 = a0 * wave_1_0.y - a4 * wave_1_0.x;
    let v0_1 = a1 * wave_1_1.y - a5 * wave_1_1.x;
    let v0_2 = a2 * wave_1_2.y - a6 * wave_1_2.x;
    let v0_3 = a3 * wave_1_3.y - a7 * wave_1_3.x;
    let v0_4 = a4 * wave_1_0.y + a0 * wave_1_0.x;
    let v0_5 = a5 * wave_1_1.y + a1 * wave_1_1.x;
    let v0_6 = a6 * wave_1_2.y + a2 * wave_1_2.x;
    let v0_7 = a7 * wave_1_3.y + a3 * wave_1_3.x;
    cache[(16u * dims.n_past) + r0] = v0_0;
    cache[(16u * dims.n_past) + r1] = v0_1;
    cache[(16u * dims.n_past) + r2] = v0_2;
    cache[(16u * dims.n_past) + r3] = v0_3;
    cache[(16u * dims.n_past) + r4] = v0_4;
    cache[(16u * dims.n_past) + r5] = v0_5;
    cache[(16u * dims.n_past) + r6] = v0_6;
    cache[(16u * dims.n_past) + r7] = v0_7;
  } else if (i < 8u) {
    let unit = i - 6u;
    let r0 = unit * 8u + 0u;
    let r1 = unit * 8u + 1u;
    let r2 = unit * 8u + 2u;
    let r3 = unit * 8u + 3u;
    let r4 = unit * 8u + 4u;
    let r5 = unit * 8u + 5u;
    let r6 = unit * 8u + 6u;
    let r7 = unit * 8u + 7u;
    cache[(16u * dims.n_past) + r0 + 384u] = a0;
    cache[(16u * dims.n_past) + r1 + 384u] = a1;
    cache[(16u * dims.n_past) + r2 + 384u] = a2;
    cache[(16u * dims.n_past) + r3 + 384u] = a3;
    cache[(16u * dims.n_past) + r4 + 384u] = a4;
    cache[(16u * dims.n_past) + r5 + 384u] = a5;
    cache[(16u * dims.n_past) + r6 + 384u] = a6;
    cache[(16u * dims.n_past) + r7 + 384u] = a7;
  } else if (i < 12u) {
    let unit = i - 8u;
    let pair0 = unit * 4u + 0u;
    let r0 = pair0 / 4u * 8u + pair0 % 4u;
    let r4 = r0 + 4u;
    let pair1 = unit * 4u + 1u;
    let r1 = pair1 / 4u * 8u + pair1 % 4u;
    let r5 = r1 + 4u;
    let pair2 = unit * 4u + 2u;
    let r2 = pair2 / 4u * 8u + pair2 % 4u;
    let r6 = r2 + 4u;
    let pair3 = unit * 4u + 3u;
    let r3 = pair3 / 4u * 8u + pair3 % 4u;
    let r7 = r3 + 4u;
    let angle_1_0 = rounded(f32(positions[0u]) * frequencies[pair0 % 4u]);
    let wave_1_0 = sinCos(angle_1_0);
    let angle_1_1 = rounded(f32(positions[0u]) * frequencies[pair1 % 4u]);
    let wave_1_1 = sinCos(angle_1_1);
    let angle_1_2 = rounded(f32(positions[0u]) * frequencies[pair2 % 4u]);
    let wave_1_2 = sinCos(angle_1_2);
    let angle_1_3 = rounded(f32(positions[0u]) * frequencies[pair3 % 4u]);
    let wave_1_3 = sinCos(angle_1_3);
    let v0_0 = a0 * wave_1_0.y - a4 * wave_1_0.x;
    let v0_1 = a1 * wave_1_1.y - a5 * wave_1_1.x;
    let v0_2 = a2 * wave_1_2.y - a6 * wave_1_2.x;
    let v0_3 = a3 * wave_1_3.y - a7 * wave_1_3.x;
    let v0_4 = a4 * wave_1_0.y + a0 * wave_1_0.x;
    let v0_5 = a5 * wave_1_1.y + a1 * wave_1_1.x;
    let v0_6 = a6 * wave_1_2.y + a2 * wave_1_2.x;
    let v0_7 = a7 * wave_1_3.y + a3 * wave_1_3.x;
    result_1[r0] = v0_0;
    result_1[r1] = v0_1;
    result_1[r2] = v0_2;
    result_1[r3] = v0_3;
    result_1[r4] = v0_4;
    result_1[r5] = v0_5;
    result_1[r6] = v0_6;
    result_1[r7] = v0_7;
  } else if (i < 14u) {
    let unit = i - 12u;
    let pair0 = unit * 4u + 0u;
    let r0 = pair0 / 4u * 8u + pair0 % 4u;
    let r4 = r0 + 4u;
    let pair1 = unit * 4u + 1u;
    let r1 = pair1 / 4u * 8u + pair1 % 4u;
    let r5 = r1 + 4u;
    let pair2 = unit * 4u + 2u;
    let r2 = pair2 / 4u * 8u + pair2 % 4u;
    let r6 = r2 + 4u;
    let pair3 = unit * 4u + 3u;
    let r3 = pair3 / 4u * 8u + pair3 % 4u;
    let r7 = r3 + 4u;
    let angle_1_0 = rounded(f32(positions[0u]) * frequencies[pair0 % 4u]);
    let wave_1_0 = sinCos(angle_1_0);
    let angle_1_1 = rounded(f32(positions[0u]) * frequencies[pair1 % 4u]);
    let wave_1_1 = sinCos(angle_1_1);
    let angle_1_2 = rounded(f32(positions[0u]) * frequencies[pair2 % 4u]);
    let wave_1_2 = sinCos(angle_1_2);
    let angle_1_3 = rounded(f32(positions[0u]) * frequencies[pair3 % 4u]);
    let wave_1_3 = sinCos(angle_1_3);
    let v0_0 = a0 * wave_1_0.y - a4 * wave_1_0.x;
    let v0_1 = a1 * wave_1_1.y - a5 * wave_1_1.x;
    let v0_2 = a2 * wave_1_2.y - a6 * wave_1_2.x;
    let v0_3 = a3 * wave_1_3.y - a7 * wave_1_3.x;
    let v0_4 = a4 * wave_1_0.y + a0 * wave_1_0.x;
    let v0_5 = a5 * wave_1_1.y + a1 * wave_1_1.x;
    let v0_6 = a6 * wave_1_2.y + a2 * wave_1_2.x;
    let v0_7 = a7 * wave_1_3.y + a3 * wave_1_3.x;
    cache[(16u * dims.n_window) + r0 + 768u] = v0_0;
    cache[(16u * dims.n_window) + r1 + 768u] = v0_1;
    cache[(16u * dims.n_window) + r2 + 768u] = v0_2;
    cache[(16u * dims.n_window) + r3 + 768u] = v0_3;
    cache[(16u * dims.n_window) + r4 + 768u] = v0_4;
    cache[(16u * dims.n_window) + r5 + 768u] = v0_5;
    cache[(16u * dims.n_window) + r6 + 768u] = v0_6;
    cache[(16u * dims.n_window) + r7 + 768u] = v0_7;
  } else {
    let unit = i - 14u;
    let r0 = unit * 8u + 0u;
    let r1 = unit * 8u + 1u;
    let r2 = unit * 8u + 2u;
    let r3 = unit * 8u + 3u;
    let r4 = unit * 8u + 4u;
    let r5 = unit * 8u + 5u;
    let r6 = unit * 8u + 6u;
    let r7 = unit * 8u + 7u;
    cache[(16u * dims.n_window) + r0 + 1152u] = a0;
    cache[(16u * dims.n_window) + r1 + 1152u] = a1;
    cache[(16u * dims.n_window) + r2 + 1152u] = a2;
    cache[(16u * dims.n_window) + r3 + 1152u] = a3;
    cache[(16u * dims.n_window) + r4 + 1152u] = a4;
    cache[(16u * dims.n_window) + r5 + 1152u] = a5;
    cache[(16u * dims.n_window) + r6 + 1152u] = a6;
    cache[(16u * dims.n_window) + r7 + 1152u] = a7;
  }
}
