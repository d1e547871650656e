/** A finite number as an f32 literal. Throws RangeError for what WGSL has no literal for. */
export function wgslFloat(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) throw new RangeError(`${value} has no WGSL literal; keep it within ±3.4e38`);
  const text = String(rounded);
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}
