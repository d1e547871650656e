// scoreTokens: scores = logits with biases and penalties.
// Computes score.

@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> settings: array<u32>;
@group(0) @binding(2) var<storage, read_write> facts: array<u32>;
@group(0) @binding(3) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;

fn negativeInfinity() -> f32 {
  var bits = 0xff800000u;
  return bitcast<f32>(bits);
}
// A factor above 1 makes a token less likely whatever the sign.
fn scaled(score: f32, factor: f32) -> f32 {
  return select(score / factor, score * factor, score < 0.0);
}
const DRAWN = 2u;
const DRAWN_BEFORE = 3u;
const REPETITION_PENALTY = 7u;
const FREQUENCY_PENALTY = 9u;
const PRESENCE_PENALTY = 8u;
const EMA_DECAY = 12u;
const EMA_PENALTY = 11u;
const EMA_MOST = 13u;
const STOP_BIAS = 10u;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // Workgroups past the limit of x continue along y.
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= 19u) {
    return;
  }
  let isLater = settings[DRAWN] != settings[DRAWN_BEFORE];
  let isNewest = isLater && chosen[0] == i;
  var tally = facts[38u + i];
  if (isNewest) {
    tally = (tally | 1u) + 4u;
    facts[38u + i] = tally;
  }
  let isStop = (tally & 2u) != 0u;
  var score = logits[i] + bitcast<f32>(facts[i]);
  if ((tally & 1u) != 0u && bitcast<f32>(settings[REPETITION_PENALTY]) != 1.0) {
    score = scaled(score, bitcast<f32>(settings[REPETITION_PENALTY]));
  }
  if (tally >= 4u) {
    score = score - f32(tally >> 2u) * bitcast<f32>(settings[FREQUENCY_PENALTY]) - bitcast<f32>(settings[PRESENCE_PENALTY]);
  }
  let decay = bitcast<f32>(settings[EMA_DECAY]);
  if (decay > 0.0) {
    var recent = bitcast<f32>(facts[19u + i]);
    if (isLater) {
      recent = recent * decay + select(0.0, 1.0, isNewest);
      facts[19u + i] = bitcast<u32>(recent);
    }
    if (recent > 0.0 && !isStop) {
      score = scaled(score, pow(bitcast<f32>(settings[EMA_PENALTY]), min(recent, bitcast<f32>(settings[EMA_MOST]))));
    }
  }
  if (isStop && bitcast<f32>(settings[STOP_BIAS]) != 1.0) {
    score = select(score * bitcast<f32>(settings[STOP_BIAS]), score / bitcast<f32>(settings[STOP_BIAS]), score < 0.0);
  }
  if (facts[57u + i] == settings[DRAWN] + 1u) {
    score = negativeInfinity();
  }
  scores[i] = score;
}
