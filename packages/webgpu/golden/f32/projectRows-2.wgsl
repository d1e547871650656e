// projectRows: Rows of weights times x, 8 at a time by one thread.
// Computes linear_14 (layers.0) and 1 more.

@group(0) @binding(0) var<storage, read> weights: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> mixed: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> logSums: array<f32>;
@group(0) @binding(3) var<storage, read_write> other: array<f32>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

// The weights of the splits for the head that was read last.
var<private> weighedHead = 4u;
var<private> shares: array<f32, 8>;
fn weighSplits(head: u32, at: u32) {
  var top = -1.0e30;
  for (var split = 0u; split < 8u; split++) {
    top = max(top, logSums[split * 4u + head]);
  }
  var total = 1.0e-30;
  for (var split = 0u; split < 8u; split++) {
    total += select(0.0, exp(max(logSums[split * 4u + head] - top, -80.0)), logSums[split * 4u + head] > -1.0e30);
  }
  for (var split = 0u; split < 8u; split++) {
    shares[at + split] = select(0.0, exp(max(logSums[split * 4u + head] - top, -80.0)) / total, logSums[split * 4u + head] > -1.0e30);
  }
}
fn joinedQuad(quad: u32) -> vec4f {
  let head = quad / 2u;
  let at = 0u;
  if (head != weighedHead) {
    weighedHead = head;
    weighSplits(head, at);
  }
  var joined = vec4f();
  for (var split = 0u; split < 8u; split++) {
    let share = shares[at + split];
    if (share == 0.0) {
      break;
    }
    joined += mixed[quad + split * 8u] * share;
  }
  return joined;
}

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  // Workgroups past the limit of x continue along y.
  let i = (group.y * groups.x + group.x) * 16u + lane;
  if (i >= 2u) {
    return;
  }
  var d0 = 0u;
  var d1 = 0u;
  var d2 = 0u;
  var d3 = 0u;
  var d4 = 0u;
  var d5 = 0u;
  var d6 = 0u;
  var d7 = 0u;
  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  var s4 = vec4f();
  var s5 = vec4f();
  var s6 = vec4f();
  var s7 = vec4f();
  {
    let unit = i;
    let inside0 = unit * 8u + 0u < 12u;
    let r0 = min(unit * 8u + 0u, 11u);
    let inside1 = unit * 8u + 1u < 12u;
    let r1 = min(unit * 8u + 1u, 11u);
    let inside2 = unit * 8u + 2u < 12u;
    let r2 = min(unit * 8u + 2u, 11u);
    let inside3 = unit * 8u + 3u < 12u;
    let r3 = min(unit * 8u + 3u, 11u);
    let inside4 = unit * 8u + 4u < 12u;
    let r4 = min(unit * 8u + 4u, 11u);
    let inside5 = unit * 8u + 5u < 12u;
    let r5 = min(unit * 8u + 5u, 11u);
    let inside6 = unit * 8u + 6u < 12u;
    let r6 = min(unit * 8u + 6u, 11u);
    let inside7 = unit * 8u + 7u < 12u;
    let r7 = min(unit * 8u + 7u, 11u);
    d0 = r0 * 8u;
    d1 = r1 * 8u;
    d2 = r2 * 8u;
    d3 = r3 * 8u;
    d4 = r4 * 8u;
    d5 = r5 * 8u;
    d6 = r6 * 8u;
    d7 = r7 * 8u;
  }
  for (var k = 0u; k < 8u; k++) {
    let x0 = joinedQuad(k);
    s0 += weights[d0 + k] * x0;
    s1 += weights[d1 + k] * x0;
    s2 += weights[d2 + k] * x0;
    s3 += weights[d3 + k] * x0;
    s4 += weights[d4 + k] * x0;
    s5 += weights[d5 + k] * x0;
    s6 += weights[d6 + k] * x0;
    s7 += weights[d7 + k] * x0;
  }
  let t_s0 = (s0.x + s0.y) + (s0.z + s0.w);
  let t_s1 = (s1.x + s1.y) + (s1.z + s1.w);
  let t_s2 = (s2.x + s2.y) + (s2.z + s2.w);
  let t_s3 = (s3.x + s3.y) + (s3.z + s3.w);
  let t_s4 = (s4.x + s4.y) + (s4.z + s4.w);
  let t_s5 = (s5.x + s5.y) + (s5.z + s5.w);
  let t_s6 = (s6.x + s6.y) + (s6.z + s6.w);
  let t_s7 = (s7.x + s7.y) + (s7.z + s7.w);
  let a0 = t_s0;
  let a1 = t_s1;
  let a2 = t_s2;
  let a3 = t_s3;
  let a4 = t_s4;
  let a5 = t_s5;
  let a6 = t_s6;
  let a7 = t_s7;
  {
    let unit = i;
    let inside0 = unit * 8u + 0u < 12u;
    let r0 = min(unit * 8u + 0u, 11u);
    let inside1 = unit * 8u + 1u < 12u;
    let r1 = min(unit * 8u + 1u, 11u);
    let inside2 = unit * 8u + 2u < 12u;
    let r2 = min(unit * 8u + 2u, 11u);
    let inside3 = unit * 8u + 3u < 12u;
    let r3 = min(unit * 8u + 3u, 11u);
    let inside4 = unit * 8u + 4u < 12u;
    let r4 = min(unit * 8u + 4u, 11u);
    let inside5 = unit * 8u + 5u < 12u;
    let r5 = min(unit * 8u + 5u, 11u);
    let inside6 = unit * 8u + 6u < 12u;
    let r6 = min(unit * 8u + 6u, 11u);
    let inside7 = unit * 8u + 7u < 12u;
    let r7 = min(unit * 8u + 7u, 11u);
    let v0_0 = (other[r0]) + (a0);
    let v0_1 = (other[r1]) + (a1);
    let v0_2 = (other[r2]) + (a2);
    let v0_3 = (other[r3]) + (a3);
    let v0_4 = (other[r4]) + (a4);
    let v0_5 = (other[r5]) + (a5);
    let v0_6 = (other[r6]) + (a6);
    let v0_7 = (other[r7]) + (a7);
    if (inside0) {
      result[r0] = v0_0;
    }
    if (inside1) {
      result[r1] = v0_1;
    }
    if (inside2) {
      result[r2] = v0_2;
    }
    if (inside3) {
      result[r3] = v0_3;
    }
    if (inside4) {
      result[r4] = v0_4;
    }
    if (inside5) {
      result[r5] = v0_5;
    }
    if (inside6) {
      result[r6] = v0_6;
    }
    if (inside7) {
      result[r7] = v0_7;
    }
  }
}
