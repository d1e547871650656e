// takeTokenAndBan: chosen = the best token of all blocks; the next run reads it, one position further. No run of tokens comes again.
// Computes take.

struct Dims {
  n_seq: u32,
  n_image: u32,
  n_past: u32,
  n_window: u32,
}

@group(0) @binding(0) var<storage, read_write> best: array<u32>;
@group(0) @binding(1) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(2) var<storage, read_write> settings: array<u32>;
@group(0) @binding(3) var<storage, read_write> tokens: array<i32>;
@group(0) @binding(4) var<storage, read_write> positions: array<i32>;
@group(0) @binding(5) var<storage, read_write> facts: array<u32>;
@group(0) @binding(6) var<storage, read_write> newest: array<u32>;
@group(0) @binding(7) var<storage, read_write> dims: Dims;

fn negativeInfinity() -> f32 {
  var bits = 0xff800000u;
  return bitcast<f32>(bits);
}
const DRAWN = 2u;
const DRAWN_BEFORE = 3u;
const REPEAT_SIZE = 14u;
const WRITTEN = 16u;
const REPEAT_WINDOW = 15u;

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
  var value = negativeInfinity();
  var token = 0xffffffffu;
  for (var at = 0u; at < 1u; at += 1u) {
    let other = bitcast<f32>(best[2u * at]);
    if (other > value) {
      value = other;
      token = best[2u * at + 1u];
    }
  }
  let size = settings[REPEAT_SIZE];
  let written = settings[WRITTEN] + 1u;
  let held = min(written, settings[REPEAT_WINDOW]);
  let ban = settings[DRAWN] + 2u;
  chosen[0u] = token;
  if (token != 0xffffffffu) {
    tokens[0u] = i32(token);
    if (settings[DRAWN] != settings[DRAWN_BEFORE]) {
      positions[0u] = positions[0] + 1;
      let length0 = (dims.n_past + 1u);
      let length1 = (dims.n_window + 1u);
      dims.n_past = length0;
      dims.n_window = length1;
    }
    settings[DRAWN] += 1u;
  }
  if (size == 0u || token == 0xffffffffu) {
    return;
  }
  {
    newest[(written - 1u) % 1024u] = token;
    settings[WRITTEN] = written;
  }
  for (var at = 0u; at + size <= held; at += 1u) {
    let start = written - held + at;
    var same = 1u;
    // The newest token is not in the ring for all threads yet.
    while (same + 1u < size && newest[(start + same - 1u) % 1024u] == newest[(written - size + same) % 1024u]) {
      same++;
    }
    if (same + 1u == size && newest[(start + same - 1u) % 1024u] == token) {
      let last = (start + size - 1u) % 1024u;
      let banned = select(newest[last], token, start + size == written);
      if ((facts[38u + banned] & 2u) == 0u) {
        facts[57u + banned] = ban;
      }
    }
  }
}
