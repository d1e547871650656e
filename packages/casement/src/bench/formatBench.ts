import { formatBytes, formatTable } from '../format.ts';
import type { BenchReport } from './benchArtifact.ts';
import type { Times } from './spreadOf.ts';

/** A table for people. */
export function formatBench(report: BenchReport): string {
  const { prompt, context, encode, image, perToken, deviceBytes } = report;
  const rate = (count: number, { medianMs }: Times, what = 'tokens') =>
    `${digits((1000 * count) / medianMs)} ${what}/s`;
  const rows = [
    ['load', `${digits(report.loadMs)} ms`],
    [`prefill, ${prompt} tokens`, formatTimes(report.prefill), rate(prompt, report.prefill)],
    ...(encode
      ? [[`encode an image, ${encode.patches} patches`, formatTimes(encode), rate(encode.patches, encode, 'patches')]]
      : []),
    ...(image
      ? [[`image, ${image.tokens} tokens, and a token after it`, formatTimes(image), rate(1, image, 'images')]]
      : []),
    [`decode after ${context} tokens`, formatTimes(report.decode), rate(1, report.decode)],
    ...(deviceBytes
      ? [['device memory', `${formatBytes(deviceBytes.live)}, at most ${formatBytes(deviceBytes.peak)}`]]
      : []),
  ];
  const calls = perToken && [
    'calls for each decoded token:',
    formatTable(
      Object.entries(perToken).map(([name, count]: [string, number]) => [
        `  ${name}`,
        Number(count.toFixed(2)).toString(),
      ]),
    ),
  ];
  const title = `${report.model}, ${report.dtype}, on ${report.target}: ${report.device}`;
  const { variant, tuned } = report;
  const kernels = variant ? [`kernels of ${variant.name}: ${variant.reason}`] : [];
  const measured = tuned && [
    'device classes, a chunk and a token:',
    formatTable(tuned.map((it) => [`  ${it.variant}`, `${digits(it.chunk)} ms`, `${digits(it.token)} ms`])),
  ];
  const missing = report.notMeasured.map(({ what, why }) => `not measured: ${what}: ${why}`);
  return [title, ...kernels, ...(measured ?? []), formatTable(rows), ...(calls ?? []), ...missing].join('\n');
}

function formatTimes({ medianMs, quartilesMs: [low, high] }: Times): string {
  return `${digits(medianMs)} ms (${digits(low)} … ${digits(high)})`;
}

/** Three digits that mean something. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
