// chooseInBlocks: best = the best token of each block of logits.
// Computes choose and 1 more.

@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> settings: array<u32>;
@group(0) @binding(2) var<storage, read_write> seen: array<u32>;
@group(0) @binding(3) var<storage, read_write> best: array<u32>;

fn negativeInfinity() -> f32 {
  var bits = 0xff800000u;
  return bitcast<f32>(bits);
}
fn temperature() -> f32 {
  return bitcast<f32>(settings[0]);
}

// A token's logit after the penalty on repetition: what is negative grows, what is positive shrinks.
fn penalized(token: u32) -> f32 {
  let logit = logits[token];
  let penalty = bitcast<f32>(settings[4]);
  let isSeen = ((seen[token / 32u] >> (token % 32u)) & 1u) == 1u;
  return select(logit, select(logit / penalty, logit * penalty, logit < 0.0), isSeen);
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
fn gumbel(token: u32) -> f32 {
  let bits = pcg3d(vec3u(token, settings[2], settings[1])).x >> 8u;
  return -log(-log((f32(bits) + 0.5) / 16777216.0));
}

// What is compared: the logit, or for a draw the disturbed one.
fn worth(token: u32) -> f32 {
  let logit = penalized(token);
  if (temperature() == 0.0) {
    return logit;
  }
  if (settings[3] > 0u && logit < bitcast<f32>(settings[5])) {
    return negativeInfinity();
  }
  return logit / temperature() + gumbel(token);
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
