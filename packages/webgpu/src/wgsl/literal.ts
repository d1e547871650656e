/** A finite number as the shortest f32 literal that is exactly it. Throws RangeError for what WGSL has no literal for. */
export function wgslFloat(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) throw new RangeError(`${value} has no WGSL literal; keep it within ±3.4e38`);
  const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9].find(
    (count) => Math.fround(Number(rounded.toPrecision(count))) === rounded,
  );
  const text = String(Number(rounded.toPrecision(digits ?? 9)));
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}
