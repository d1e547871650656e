// attentionSplitKeys: Attention of one query in 8 splits of the keys, one thread for 2 heads of a split.
//   k, v: caches of 2 heads for 4 heads of 8
// Computes attention_12 (layers.0).

struct Dims {
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read_write> q: array<vec4f>;
@group(0) @binding(1) var<storage, read> k: array<vec2u>;
@group(0) @binding(2) var<storage, read> v: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> mixed: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> logSums: array<f32>;
@group(0) @binding(5) var<uniform> dims: Dims;

fn k_at(e: u32) -> f32 {
  let i = e / 2u;
  return unpack2x16float(k[i / 2u][i % 2u])[e % 2u];
}
fn k_quad(q: u32) -> vec4f {
  let words = k[q];
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}
fn v_at(e: u32) -> f32 {
  let i = e / 2u;
  return unpack2x16float(v[i / 2u][i % 2u])[e % 2u];
}
fn v_quad(q: u32) -> vec4f {
  let words = v[q];
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // Workgroups past the limit of x continue along y.
  let i = (group.y * groups.x + group.x) * 4u + lane;
  if (i >= 16u) {
    return;
  }
  let first = i % 2u * 2u;
  let kvHead = i % 2u / 1u;
  let split = i / 2u;
  let keys = (dims.n_past + 1u);
  let share = (keys + 7u) / 8u;
  let end = min((split + 1u) * share, keys);
  let q0_0 = q[(first + 0u) * 2u + 0u] * 0.35355338f;
  let q0_1 = q[(first + 0u) * 2u + 1u] * 0.35355338f;
  var m0_0 = vec4f();
  var m0_1 = vec4f();
  var top0 = -1.0e30;
  var total0 = 0.0;
  let q1_0 = q[(first + 1u) * 2u + 0u] * 0.35355338f;
  let q1_1 = q[(first + 1u) * 2u + 1u] * 0.35355338f;
  var m1_0 = vec4f();
  var m1_1 = vec4f();
  var top1 = -1.0e30;
  var total1 = 0.0;
  for (var j = split * share; j < end; j++) {
    let keyAt = j * 4u + kvHead * 2u;
    let k0 = k_quad(keyAt + 0u);
    let k1 = k_quad(keyAt + 1u);
    var p0 = q0_0 * k0;
    p0 += q0_1 * k1;
    let score0 = (p0.x + p0.y) + (p0.z + p0.w);
    let next0 = max(top0, score0);
    let decay0 = exp(max(top0 - next0, -80.0));
    let weight0 = exp(max(score0 - next0, -80.0));
    top0 = next0;
    total0 = total0 * decay0 + weight0;
    var p1 = q1_0 * k0;
    p1 += q1_1 * k1;
    let score1 = (p1.x + p1.y) + (p1.z + p1.w);
    let next1 = max(top1, score1);
    let decay1 = exp(max(top1 - next1, -80.0));
    let weight1 = exp(max(score1 - next1, -80.0));
    top1 = next1;
    total1 = total1 * decay1 + weight1;
    let valueAt = j * 4u + kvHead * 2u;
    let v0 = v_quad(valueAt + 0u);
    m0_0 = m0_0 * decay0 + v0 * weight0;
    m1_0 = m1_0 * decay1 + v0 * weight1;
    let v1 = v_quad(valueAt + 1u);
    m0_1 = m0_1 * decay0 + v1 * weight0;
    m1_1 = m1_1 * decay1 + v1 * weight1;
  }
  let row = split * 4u + first;
  let part0 = 1.0 / max(total0, 1.0e-30);
  mixed[(row + 0u) * 2u + 0u] = m0_0 * part0;
  mixed[(row + 0u) * 2u + 1u] = m0_1 * part0;
  logSums[row + 0u] = select(-1.0e30, top0 + log(max(total0, 1.0e-30)), total0 > 0.0);
  let part1 = 1.0 / max(total1, 1.0e-30);
  mixed[(row + 1u) * 2u + 0u] = m1_0 * part1;
  mixed[(row + 1u) * 2u + 1u] = m1_1 * part1;
  logSums[row + 1u] = select(-1.0e30, top1 + log(max(total1, 1.0e-30)), total1 > 0.0);
}
