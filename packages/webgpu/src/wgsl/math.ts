/**
 * Functions whose built-in versions WGSL does not bind to a useful accuracy. `sin` and `cos` may be off by 2^-11 and
 * have no bound outside [-π, π] (SwiftShader: 2e-4 at 4000); `tanh` of large arguments is NaN on some drivers.
 */

/**
 * sin and cos by Cody and Waite's reduction to [-π/4, π/4] (π/2 in parts of 8 bits, so that the products are exact for
 * |x| < 1e5) and the minimax polynomials of Cephes (S. Moshier, sinf.c). `rounded` keeps a compiler from joining or
 * reordering the steps: a maximum with a number that is never reached cannot be optimised away.
 */
export const SIN_COS = `
fn rounded(x: f32) -> f32 {
  return max(x, -3.0e38);
}

// (sin x, cos x)
fn sinCos(x: f32) -> vec2f {
  let quarter = floor(x * 0.636619772 + 0.5);
  var r = rounded(x - rounded(quarter * 1.5703125));
  r = rounded(r - rounded(quarter * 4.825592041015625e-4));
  r = rounded(r - rounded(quarter * 1.2665987014770508e-6));
  r = r - quarter * 9.920935184482005e-10;
  let z = r * r;
  let s = r + r * z * (-1.6666654611e-1 + z * (8.3321608736e-3 - z * 1.9515295891e-4));
  let c = 1.0 - 0.5 * z + z * z * (4.166664568298827e-2 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5));
  let turn = i32(quarter) & 3;
  let swapped = select(vec2f(s, c), vec2f(c, s), (turn & 1) == 1);
  return swapped * vec2f(select(1.0, -1.0, turn >= 2), select(1.0, -1.0, turn == 1 || turn == 2));
}
`;

/** 1/(1 + e^-x) without overflow. */
export const SIGMOID = `
fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-max(x, -80.0)));
}
`;

/** tanh by e^2x where it is not 1 to the last bit, and by its series where that would cancel. */
export const TANH = `
fn safeTanh(x: f32) -> f32 {
  let z = x * x;
  let small = x * (1.0 + z * (-0.333333333 + z * (0.133333333 - z * 0.053968254)));
  let large = 1.0 - 2.0 / (exp(2.0 * clamp(x, -10.0, 10.0)) + 1.0);
  return select(large, small, abs(x) < 0.1);
}
`;

/** The error function by Abramowitz and Stegun's 7.1.26 (error 1.5e-7), and by its series near 0. */
export const ERF = `
fn erf(x: f32) -> f32 {
  let z = x * x;
  let small = x * (1.128379167 + z * (-0.376126389 + z * (0.112837917 - z * 0.026866171)));
  let t = 1.0 / (1.0 + 0.3275911 * abs(x));
  let poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let large = sign(x) * (1.0 - poly * exp(-min(z, 80.0)));
  return select(large, small, abs(x) < 0.25);
}
`;

/** −∞, which has no literal; made at run time, where it is allowed. */
export const NEGATIVE_INFINITY = `
fn negativeInfinity() -> f32 {
  var bits = 0xff800000u;
  return bitcast<f32>(bits);
}
`;
