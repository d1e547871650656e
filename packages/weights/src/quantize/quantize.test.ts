import {
  type FloatDType,
  type HostTensor,
  ops,
  type Quantization,
  quantizedParts,
  seededRandom,
  tensorOf,
} from '@casement/ir';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runOp } from '../../../../test/support/runOp.ts';
import { decodeFloats, encodeFloats } from '../convert.ts';
import { memorySource } from '../memorySource.ts';
import type { ShardTensor } from '../shardTensor.ts';
import { type QuantizationError, quantizedTensors } from './quantizedTensors.ts';

async function bytesOf(tensor: ShardTensor | undefined): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tensor?.stream() ?? []) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** Quantises a matrix as a checkpoint would hold it, and dequantises it with the op's reference. */
async function roundTrip(values: Float32Array, columns: number, how: Quantization, dtype: FloatDType = 'f32') {
  const shape = [values.length / columns, columns] as const;
  const source = memorySource(new Map([['w', { dtype: 'f32', shape, data: encodeFloats(values, 'f32') }]]));
  let error: QuantizationError | undefined;
  const tensors = quantizedTensors(source, 'w', { name: 'w', how, dtype, onError: (given) => (error = given) });
  const parts = quantizedParts('w', shape, how);
  const tensor = async (name: string | undefined): Promise<HostTensor> => {
    const found = tensors.find((it) => it.name === name) ?? expect.fail(`no ${name}`);
    const bytes = await bytesOf(found);
    const data = found.streamDtype === 'f32' ? decodeFloats(bytes, 'f32') : bytes;
    return tensorOf(found.dtype, found.shape, data);
  };
  const scales = await tensor(parts.scales.name);
  const zeros = parts.zeros ? [await tensor(parts.zeros.name)] : [];
  const packed = await tensor(parts.packed.name);
  const attrs = { bits: how.bits, block: how.block, columns };
  // In f32, so that only quantising is seen.
  const weight = runOp(ops.dequantize, [packed, { ...scales, dtype: 'f32' }, ...zeros], attrs);
  return { weight, packed, scales, error: error ?? expect.fail('no report') };
}

const ways = [4, 8].flatMap((bits) => [false, true].map((zeroPoints) => ({ bits, zeroPoints }) as const)) as Omit<
  Quantization,
  'block'
>[]; // bits are literals

describe.each(ways)('$bits bits, zero points: $zeroPoints', ({ bits, zeroPoints }) => {
  const how = { bits, block: 32, zeroPoints };

  it('is off by at most half a scale, whatever the values and sizes', async () => {
    const value = fc.oneof(
      fc.float({ min: -4, max: 4, noNaN: true }),
      fc.float({ min: Math.fround(-1e-6), max: Math.fround(1e-6), noNaN: true }),
      fc.constantFrom(0, 1, -1, 300, -300),
    );
    const cases = fc.record({
      columns: fc.integer({ min: 1, max: 70 }),
      rows: fc.integer({ min: 1, max: 3 }),
      block: fc.constantFrom(16, 32),
      dtype: fc.constantFrom('f32' as const, 'f16' as const),
      values: fc.array(value, { minLength: 210, maxLength: 210 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ columns, rows, block, dtype, values }) => {
        const wanted = Float32Array.from(values.slice(0, rows * columns));
        const { weight, scales, error } = await roundTrip(wanted, columns, { ...how, block }, dtype);
        const blocks = Math.ceil(columns / block);
        let largest = 0;
        wanted.forEach((exact, i) => {
          const scale = Math.abs(
            scales.data[Math.floor(i / columns) * blocks + Math.floor((i % columns) / block)] ?? 0,
          );
          const off = Math.abs(exact - (weight.data[i] ?? Number.NaN));
          // Scales of f16 are themselves off by 2^-11, and by 2^-25 where they are very small.
          const slack = dtype === 'f16' ? scale * 2 ** bits * 2 ** -11 + 2 ** bits * 2 ** -24 : 1e-5 * scale + 1e-30;
          expect(off).toBeLessThanOrEqual(scale / 2 + slack);
          largest = Math.max(largest, off);
        });
        expect(Math.abs(error.largestError - largest)).toBeLessThanOrEqual(1e-4);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps zeros, and what the last block holds behind the columns stands for zero', async () => {
    const values = Float32Array.from({ length: 3 * 40 }, (_, i) => (i % 3 === 0 ? 0 : Math.sin(i)));
    const { weight, packed } = await roundTrip(values, 40, how);
    expect(Array.from(weight.data).filter((value, i) => i % 3 === 0 && value !== 0)).toEqual([]);
    if (zeroPoints) return;
    const ones = tensorOf('f32', [3, 2], new Array(6).fill(1));
    const padded = runOp(ops.dequantize, [packed, ones], { bits, block: 32, columns: 64 });
    for (let row = 0; row < 3; row++) {
      expect(padded.data.slice(row * 64 + 40, (row + 1) * 64).every((value) => value === 0)).toBe(true);
    }
  });

  it('reports the error that it makes', async () => {
    const random = seededRandom(1);
    const values = Float32Array.from({ length: 64 * 256 }, () => random() + random() + random() - 1.5);
    const { weight, error } = await roundTrip(values, 256, how);
    const squares = (data: ArrayLike<number>) => Array.from(data).reduce((sum, x) => sum + x * x, 0);
    const off = values.map((value, i) => value - (weight.data[i] ?? Number.NaN));
    expect(error).toMatchObject({ name: 'w', ...how, shape: [64, 256] });
    expect(error.relativeRms).toBeCloseTo(Math.sqrt(squares(off) / squares(values)), 6);
    expect(error.relativeRms).toBeLessThan(bits === 4 ? 0.09 : 0.006);
  });

  it('makes a block with NaN or infinities NaN, and no other', async () => {
    const values = new Float32Array(96).fill(0.5);
    values[3] = Number.NaN;
    values[40] = Number.POSITIVE_INFINITY;
    const { weight } = await roundTrip(values, 96, how);
    const isNaNs = Array.from(weight.data, Number.isNaN);
    expect([isNaNs.slice(0, 32), isNaNs.slice(32, 64)].flat().every(Boolean)).toBe(true);
    expect(weight.data.slice(64).every((value) => Math.abs(value - 0.5) < 1e-6)).toBe(true);
  });
});

it('refuses what is no matrix of floats', () => {
  const source = memorySource(new Map([['b', { dtype: 'f32', shape: [4], data: new Uint8Array(16) }]]));
  const how = { bits: 4, block: 32, zeroPoints: false } as const;
  expect(() => quantizedTensors(source, 'b', { name: 'b', how, dtype: 'f32' })).toThrowErrorMatchingInlineSnapshot(
    `[WeightError: Tensor "b", f32 [4], is no matrix of floats to quantise.]`,
  );
});
