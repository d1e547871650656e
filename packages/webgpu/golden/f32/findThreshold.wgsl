// findThreshold: threshold = the k-th largest logit, by four digits of 8 bits.
// Computes threshold.

@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> settings: array<u32>;
@group(0) @binding(2) var<storage, read_write> seen: array<u32>;

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
// Unsigned numbers in the order of floats.
fn ordered(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}
var<workgroup> counts: array<atomic<u32>, 256>;
var<workgroup> prefix: u32;
var<workgroup> open: u32;

@compute @workgroup_size(1)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // Workgroups past the limit of x continue along y.
  let i = group.y * groups.x + group.x;
  if (i >= 1u) {
    return;
  }
  if (lane == 0u) {
    prefix = 0u;
    open = min(settings[3], 19u);
  }
  for (var digit = 0u; digit < 4u; digit++) {
    let shift = 24u - 8u * digit;
    for (var n = lane; n < 256u; n += 1u) {
      atomicStore(&counts[n], 0u);
    }
    for (var at = lane; at < 19u; at += 1u) {
      let key = ordered(penalized(at));
      // Shifting by 32 bits is undefined.
      if (digit == 0u || (key >> (shift + 8u)) == (prefix >> (shift + 8u))) {
        atomicAdd(&counts[(key >> shift) & 255u], 1u);
      }
    }
    if (lane == 0u) {
      var n = 255u;
      var count = atomicLoad(&counts[n]);
      while (n > 0u && count < open) {
        open -= count;
        n--;
        count = atomicLoad(&counts[n]);
      }
      prefix |= n << shift;
    }
  }
  if (lane == 0u) {
    settings[5u] = select(~prefix, prefix & 0x7fffffffu, (prefix >> 31u) == 1u);
  }
}
