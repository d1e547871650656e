// projectBlockPerThread: Rows of weights times rows of x, four by 4 per thread.
// Computes linear_14 (layers.0) and 1 more.

struct Dims {
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> other: array<f32>;
@group(0) @binding(3) var<storage, read_write> result: array<f32>;
@group(0) @binding(4) var<uniform> dims: Dims;

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

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // What lies outside is computed from the last rows of weights and x, and not written.
  let isOwn = group.x * 32u + lane < 3u;
  let i = min(group.x * 32u + lane, 2u);
  let top = group.y * 4u;
  var d0 = 0u;
  var d1 = 0u;
  var d2 = 0u;
  var d3 = 0u;
  {
    let unit = i;
    let r0 = unit * 4u + 0u;
    let r1 = unit * 4u + 1u;
    let r2 = unit * 4u + 2u;
    let r3 = unit * 4u + 3u;
    d0 = r0 * 8u;
    d1 = r1 * 8u;
    d2 = r2 * 8u;
    d3 = r3 * 8u;
  }
  let row0 = min(top + 0u, dims.n_seq - 1u);
  let row1 = min(top + 1u, dims.n_seq - 1u);
  let row2 = min(top + 2u, dims.n_seq - 1u);
  let row3 = min(top + 3u, dims.n_seq - 1u);
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var quad = 0u; quad < 8u; quad++) {
    let weights = mat4x4f(
      weightQuad(d0, quad),
      weightQuad(d1, quad),
      weightQuad(d2, quad),
      weightQuad(d3, quad),
    );
    let x0 = x[row0 * 8u + quad];
    sum0 += x0 * weights;
    let x1 = x[row1 * 8u + quad];
    sum1 += x1 * weights;
    let x2 = x[row2 * 8u + quad];
    sum2 += x2 * weights;
    let x3 = x[row3 * 8u + quad];
    sum3 += x3 * weights;
  }
  var sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
  if (isOwn) {
    {
      let unit = i;
      let r0 = unit * 4u + 0u;
      let r1 = unit * 4u + 1u;
      let r2 = unit * 4u + 2u;
      let r3 = unit * 4u + 3u;
      for (var r = 0u; r < min(4u, dims.n_seq - top); r++) {
        let row = top + r;
        let a0 = sums[r][0];
        let a1 = sums[r][1];
        let a2 = sums[r][2];
        let a3 = sums[r][3];
        let e0 = row * 12u + r0;
        let e1 = row * 12u + r1;
        let e2 = row * 12u + r2;
        let e3 = row * 12u + r3;
        let v0_0 = (other[e0]) + (a0);
        let v0_1 = (other[e1]) + (a1);
        let v0_2 = (other[e2]) + (a2);
        let v0_3 = (other[e3]) + (a3);
        result[e0] = v0_0;
        result[e1] = v0_1;
        result[e2] = v0_2;
        result[e3] = v0_3;
      }
    }
  }
}
