/** `312 ms`, `1.24 s`. */
export function formatTime(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(milliseconds >= 10_000 ? 0 : 1)} s`;
  return `${milliseconds < 10 && milliseconds > 0 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

/** `0 B`, `128 KiB`, `4.5 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value.toFixed(power > 0 && value < 10 && !Number.isInteger(value) ? 1 : 0)} ${units[power]}`;
}

/** The least of 4, 8, 20, 40, 80, 200 … milliseconds that is not below. */
export function topTime(milliseconds: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(4, milliseconds) / 4));
  return 4 * power * ([1, 2, 5, 10].find((factor) => 4 * factor * power >= milliseconds) ?? 10);
}

/** The least power of two that is not below, from 4 KiB on. */
export function topBytes(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(4096, bytes)));
}
