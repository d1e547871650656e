// projectRows: Rows of weights times x, normed, 8 at a time by one thread.
// Computes linear_31 (layers.0).

@group(0) @binding(0) var<storage, read> weights: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

fn weights_at(e: u32) -> f32 {
  let i = e / 2u;
  return unpack2x16float(weights[i / 2u][i % 2u])[e % 2u];
}
fn weights_quad(q: u32) -> vec4f {
  let words = weights[q];
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}
fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-max(x, -80.0)));
}

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // Workgroups past the limit of x continue along y.
  let i = (group.y * groups.x + group.x) * 16u + lane;
  if (i >= 5u) {
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
  {
    let unit = i;
    let r0 = unit * 4u + 0u;
    let r1 = unit * 4u + 1u;
    let r2 = unit * 4u + 2u;
    let r3 = unit * 4u + 3u;
    d0 = r0 * 3u + 32u;
    d1 = r1 * 3u + 32u;
    d2 = r2 * 3u + 32u;
    d3 = r3 * 3u + 32u;
    d4 = r0 * 3u + 96u;
    d5 = r1 * 3u + 96u;
    d6 = r2 * 3u + 96u;
    d7 = r3 * 3u + 96u;
  }
  for (var k = 0u; k < 3u; k++) {
    let raw_x0 = x[k];
    squares += raw_x0 * raw_x0;
    let x0 = raw_x0 * weights_quad(k);
    let w0_0 = weights[d0 + k];
    s0 += vec4f(unpack2x16float(w0_0.x), unpack2x16float(w0_0.y)) * x0;
    let w1_0 = weights[d1 + k];
    s1 += vec4f(unpack2x16float(w1_0.x), unpack2x16float(w1_0.y)) * x0;
    let w2_0 = weights[d2 + k];
    s2 += vec4f(unpack2x16float(w2_0.x), unpack2x16float(w2_0.y)) * x0;
    let w3_0 = weights[d3 + k];
    s3 += vec4f(unpack2x16float(w3_0.x), unpack2x16float(w3_0.y)) * x0;
    let w4_0 = weights[d4 + k];
    s4 += vec4f(unpack2x16float(w4_0.x), unpack2x16float(w4_0.y)) * x0;
    let w5_0 = weights[d5 + k];
    s5 += vec4f(unpack2x16float(w5_0.x), unpack2x16float(w5_0.y)) * x0;
    let w6_0 = weights[d6 + k];
    s6 += vec4f(unpack2x16float(w6_0.x), unpack2x16float(w6_0.y)) * x0;
    let w7_0 = weights[d7 + k];
    s7 += vec4f(unpack2x16float(w7_0.x), unpack2x16float(w7_0.y)) * x0;
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
  {
    let unit = i;
    let r0 = unit * 4u + 0u;
    let r1 = unit * 4u + 1u;
    let r2 = unit * 4u + 2u;
    let r3 = unit * 4u + 3u;
    let v0_0 = (a0) * sigmoid((a0)) * (a4);
    let v0_1 = (a1) * sigmoid((a1)) * (a5);
    let v0_2 = (a2) * sigmoid((a2)) * (a6);
    let v0_3 = (a3) * sigmoid((a3)) * (a7);
    result[r0] = v0_0;
    result[r1] = v0_1;
    result[r2] = v0_2;
    result[r3] = v0_3;
  }
}
