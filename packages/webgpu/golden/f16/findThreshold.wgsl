// findThreshold: threshold = the k-th largest logit, or that above which tokens have the probability p; by four digits of 8 bits.
// Computes threshold and 1 more.

@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> settings: array<u32>;

fn negativeInfinity() -> f32 {
  var bits = 0xff800000u;
  return bitcast<f32>(bits);
}
// Unsigned numbers in the order of floats.
fn ordered(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}
var<workgroup> weights: array<atomic<u32>, 256>;
var<workgroup> prefix: u32;
var<workgroup> open: u32;
var<workgroup> rounds: u32;
var<workgroup> lowest: u32;
const TEMPERATURE = 0u;
const TOP_K = 4u;
const TOP_P = 5u;
const THRESHOLD = 6u;

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
  let temperature = bitcast<f32>(settings[TEMPERATURE]);
  if (lane == 0u) {
    rounds = select(0u, 1u, settings[TOP_K] > 0u) + select(0u, 2u, bitcast<f32>(settings[TOP_P]) < 1.0);
    lowest = 0u;
  }
  let asked = rounds;
  for (var round = 0u; round < 2u; round++) {
    if (((asked >> round) & 1u) == 0u) {
      continue;
    }
    var largest = negativeInfinity();
    var total = 0.0;
    if (round == 1u) {
      for (var at = 0u; at < 19u; at++) {
        let logit = logits[at];
        largest = max(largest, logit);
      }
      for (var at = 0u; at < 19u; at++) {
        let logit = logits[at];
        if (ordered(logit) >= lowest) {
          total += exp((logit - largest) / temperature);
        }
      }
    }
    if (lane == 0u) {
      prefix = 0u;
      open = select(min(settings[TOP_K], 19u), max(1u, u32(ceil(bitcast<f32>(settings[TOP_P]) * 1073741824.0))), round == 1u);
    }
    for (var digit = 0u; digit < 4u; digit++) {
      let shift = 24u - 8u * digit;
      for (var n = lane; n < 256u; n += 1u) {
        atomicStore(&weights[n], 0u);
      }
      for (var at = 0u; at < 19u; at++) {
        let logit = logits[at];
        let key = ordered(logit);
        // Shifting by 32 bits is undefined.
        if (key >= lowest && (digit == 0u || (key >> (shift + 8u)) == (prefix >> (shift + 8u)))) {
          var weight = 1u;
          if (round == 1u) {
            weight = u32(exp((logit - largest) / temperature) / total * 1073741824.0 + 0.5);
          }
          atomicAdd(&weights[(key >> shift) & 255u], weight);
        }
      }
      if (lane == 0u) {
        var n = 255u;
        var weight = atomicLoad(&weights[n]);
        while (n > 0u && weight < open) {
          open -= weight;
          n--;
          weight = atomicLoad(&weights[n]);
        }
        prefix |= n << shift;
      }
    }
    if (lane == 0u) {
      lowest = max(lowest, prefix);
    }
  }
  if (lane == 0u) {
    settings[THRESHOLD] = select(~lowest, lowest & 0x7fffffffu, (lowest >> 31u) == 1u);
  }
}
