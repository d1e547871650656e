// attentionRowPerThread: y = softmax(scale·q·kᵀ)·v, causal, one thread per query and head, online softmax.
//   q: f16[1 seq 4 8], kept as f32
//   k: f16[1 past+seq 2 8], two to a word
//   v: f16[1 past+seq 2 8], two to a word
//   y: f16[1 seq 4 8], kept as f32
// Computes attention_12 (layers.0).

struct Dims {
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read_write> q: array<vec4f>;
@group(0) @binding(1) var<storage, read> k: array<u32>;
@group(0) @binding(2) var<storage, read> v: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> dims: Dims;

fn q_vec4(i: u32) -> vec4f {
  return q[i];
}
fn k_vec4(i: u32) -> vec4f {
  return vec4f(unpack2x16float(k[2u * i]), unpack2x16float(k[2u * i + 1u]));
}
fn v_vec4(i: u32) -> vec4f {
  return vec4f(unpack2x16float(v[2u * i]), unpack2x16float(v[2u * i + 1u]));
}
fn y_set(i: u32, value: vec4f) {
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
  if (i >= (4u * dims.n_seq)) {
    return;
  }
  let row = i / 4u;
  let head = i % 4u;
  let kvHead = head * 2u / 4u;
  let keys = (dims.n_past + dims.n_seq);
  // past + row + 1 keys, where past = keys - queries.
  let visible = u32(clamp(i32(keys - dims.n_seq + row) + 1, 0, i32(keys)));
  var query: array<vec4f, 2>;
  for (var d = 0u; d < 2u; d++) {
    query[d] = q_vec4(i * 2u + d);
  }
  var mixed: array<vec4f, 2>;
  var top = -1.0e30;
  var total = 0.0;
  for (var j = 0u; j < visible; j++) {
    let keyAt = kvHead * 2u + j * 4u;
    var products = vec4f();
    for (var d = 0u; d < 2u; d++) {
      products += query[d] * k_vec4(keyAt + d);
    }
    let score = ((products.x + products.y) + (products.z + products.w)) * 0.35355338f;
    // What was summed up under a smaller maximum shrinks; below e^-80 nothing is left of it.
    let next = max(top, score);
    let decay = exp(max(top - next, -80.0));
    let weight = exp(max(score - next, -80.0));
    top = next;
    total = total * decay + weight;
    let valueAt = kvHead * 2u + j * 4u;
    for (var d = 0u; d < 2u; d++) {
      mixed[d] = mixed[d] * decay + v_vec4(valueAt + d) * weight;
    }
  }
  // One key is enough for a total of 1; without any, zero stays zero.
  let share = 1.0 / max(total, 1.0e-30);
  for (var d = 0u; d < 2u; d++) {
    y_set(i * 2u + d, mixed[d] * share);
  }
}
