import { namePatterns, type QuantizationError } from '@casement/weights';

/** In an artifact with quantised weights: what quantising did to each of them. */
export const QUANTIZATION_FILE = 'quantisation.json';

/** Errors that are no numbers, because the checkpoint has weights that are none, are strings: JSON would call them null. */
export function formatQuantizationFile(errors: readonly QuantizationError[]): string {
  const named = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  return `${JSON.stringify({ weights: errors }, named, 2)}\n`;
}

/** Weights that are off most, of each kind of layer. */
const SHOWN = 6;

/**
 * A summary for people: how many weights in how many bits, and the kinds of layers whose weights are off most, by √(Σ
 * error² / Σ value²).
 */
export function formatQuantization(errors: readonly QuantizationError[], notes: readonly string[]): string[] {
  const formOf = ({ bits, block, zeroPoints }: QuantizationError) =>
    `${bits} bits in blocks of ${block}${zeroPoints ? ' with zero points' : ''}`;
  const forms = [...new Set(errors.map(formOf))].map((form) => {
    const same = errors.filter((error) => formOf(error) === form);
    return `${same.length} weights in ${form}`;
  });
  const patterns = namePatterns(errors, ({ name }) => name, formOf)
    .map(({ text, items }) => ({
      text,
      bits: items[0]?.bits,
      worst: Math.max(...items.map(({ relativeRms }) => relativeRms)),
    }))
    .sort((a, b) => rank(b.worst) - rank(a.worst));
  const width = Math.max(0, ...patterns.slice(0, SHOWN).map(({ text }) => text.length));
  const rows = patterns
    .slice(0, SHOWN)
    .map(({ text, bits, worst }) => `  ${text.padEnd(width)}  ${bits} bits  ${formatError(worst)}`);
  const more = patterns.length - rows.length;
  return [
    ...(forms.length > 0 ? [`quantised ${forms.join(', ')}`] : []),
    ...rows,
    ...(more > 0 ? [`  and ${more} more kinds, off by less; all are in ${QUANTIZATION_FILE}`] : []),
    ...notes.map((note) => `  ${note}`),
  ];
}

/** What is no number comes first. */
function rank(error: number): number {
  return Number.isFinite(error) ? error : Infinity;
}

function formatError(error: number): string {
  if (Number.isFinite(error)) return `off by ${(100 * error).toFixed(2)} %`;
  return 'not to be measured: the checkpoint has NaN or infinities here';
}
