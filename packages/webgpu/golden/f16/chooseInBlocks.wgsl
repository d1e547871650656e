// chooseInBlocks: best = the best token of each block of logits.
// Computes choose and 1 more.

@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> settings: array<u32>;
@group(0) @binding(2) var<storage, read_write> best: array<u32>;

fn negativeInfinity() -> f32 {
  var bits = 0xff800000u;
  return bitcast<f32>(bits);
}
fn pcg3d(start: vec3u) -> vec3u {
  var v = start * 1664525u + 1013904223u;
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v ^= v >> vec3u(16u);
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  return v;
}

// The token with the largest logit/temperature + gumbel is one drawn from the softmax (Gumbel 1954).
fn gumbel(bits: u32) -> f32 {
  // 2^-32 of the bits, below 1. Small numbers keep all their digits, so that large results, which decide, do, too.
  let even = min((f32(bits) + 0.5) * 2.3283064365386963e-10, 0.99999994);
  let series = even * (1.0 + even * (0.5 + even / 3.0));
  return -log(select(-log(1.0 - even), series, even < 0.0009765625));
}
const TEMPERATURE = 0u;
const THRESHOLD = 6u;
const DRAWN = 2u;
const SEED = 1u;
// What is compared: the logit, or for a draw the disturbed one.
fn worth(token: u32) -> f32 {
  let logit = logits[token];
  let temperature = bitcast<f32>(settings[TEMPERATURE]);
  if (temperature == 0.0) {
    return logit;
  }
  if (logit < bitcast<f32>(settings[THRESHOLD])) {
    return negativeInfinity();
  }
  return logit / temperature + gumbel(pcg3d(vec3u(token, settings[DRAWN], settings[SEED])).x);
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // Workgroups past the limit of x continue along y.
  let i = (group.y * groups.x + group.x) * 4u + lane;
  if (i >= 1u) {
    return;
  }
  let end = min((i + 1u) * 512u, 19u);
  var value = negativeInfinity();
  var token = 0xffffffffu;
  for (var at = i * 512u + 0u; at < end; at += 1u) {
    let other = worth(at);
    if (other > value) {
      value = other;
      token = at;
    }
  }
  best[2u * i] = bitcast<u32>(value);
  best[2u * i + 1u] = token;
}
