const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** 4492075008 → `4.49 G`: three digits and an SI prefix, to stand before a unit. */
export function withPrefix(value: number): string {
  const power = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), PREFIXES.length - 1);
  const scaled = value / 1000 ** power;
  const digits = power === 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${PREFIXES[power]}`.trimEnd();
}
