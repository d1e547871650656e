// attentionSplitKeys: Attention of one query in up to 8 splits of the keys, one thread for 2 heads of a split.
//   k, v: caches of 2 heads for 4 heads of 8
// Computes attention_12 (layers.0).

struct Dims {
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read_write> q: array<vec4f>;
@group(0) @binding(1) var<storage, read> k: array<vec4f>;
@group(0) @binding(2) var<storage, read> v: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> mixed: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> logSums: array<f32>;
@group(0) @binding(5) var<uniform> dims: Dims;

var<private> sums: array<vec4f, 4>;

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
  let used = min(8u, (keys + 31u) / 32u);
  let row = split * 4u + first;
  if (split >= used) {
    logSums[row + 0u] = -1.0e30;
    logSums[row + 1u] = -1.0e30;
    return;
  }
  let share = (keys + used - 1u) / used;
  let start = split * share;
  let end = min(start + share, keys);
  var top0 = -1.0e30;
  var total0 = 0.0;
  var top1 = -1.0e30;
  var total1 = 0.0;
  for (var j = start; j < end; j += 4u) {
    let keyOf = vec4u(j) + vec4u(0u, 1u, 2u, 3u);
    let inside = keyOf < vec4u(end);
    let there = min(keyOf, vec4u(end - 1u));
    let keyAt = there * 4u + kvHead * 2u;
    var p0 = vec4f();
    var p1 = vec4f();
    for (var d = 0u; d < 2u; d++) {
      let key = mat4x4f(k[keyAt[0] + d], k[keyAt[1] + d], k[keyAt[2] + d], k[keyAt[3] + d]);
      p0 += q[(first + 0u) * 2u + d] * key;
      p1 += q[(first + 1u) * 2u + d] * key;
    }
    let scores0 = select(vec4f(-1.0e30), p0 * 0.35355338f, inside);
    let most0 = max(scores0.xy, scores0.zw);
    let next0 = max(top0, max(most0.x, most0.y));
    let decay0 = exp(max(top0 - next0, -80.0));
    let weights0 = exp(max(scores0 - next0, vec4f(-80.0)));
    top0 = next0;
    total0 = total0 * decay0 + dot(weights0, vec4f(1.0));
    let scores1 = select(vec4f(-1.0e30), p1 * 0.35355338f, inside);
    let most1 = max(scores1.xy, scores1.zw);
    let next1 = max(top1, max(most1.x, most1.y));
    let decay1 = exp(max(top1 - next1, -80.0));
    let weights1 = exp(max(scores1 - next1, vec4f(-80.0)));
    top1 = next1;
    total1 = total1 * decay1 + dot(weights1, vec4f(1.0));
    let valueAt = there * 4u + kvHead * 2u;
    for (var d = 0u; d < 2u; d++) {
      let value = mat4x4f(v[valueAt[0] + d], v[valueAt[1] + d], v[valueAt[2] + d], v[valueAt[3] + d]);
      sums[0u + d] = sums[0u + d] * decay0 + value * weights0;
      sums[2u + d] = sums[2u + d] * decay1 + value * weights1;
    }
  }
  let part0 = 1.0 / total0;
  let part1 = 1.0 / total1;
  for (var d = 0u; d < 2u; d++) {
    mixed[(row + 0u) * 2u + d] = sums[0u + d] * part0;
    mixed[(row + 1u) * 2u + d] = sums[2u + d] * part1;
  }
  logSums[row + 0u] = top0 + log(total0);
  logSums[row + 1u] = top1 + log(total1);
}
