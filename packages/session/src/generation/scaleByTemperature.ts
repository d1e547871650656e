/** Divides every logit by a temperature above 0, in float32. */
export function scaleByTemperature(logits: Float32Array, temperature: number): void {
  const divisor = Math.fround(temperature);
  for (let i = 0; i < logits.length; i++) logits[i] = (logits[i] ?? 0) / divisor;
}
