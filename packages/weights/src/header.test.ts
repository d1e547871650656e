import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeightError } from './error.ts';
import { headerLength, parseHeader } from './header.ts';

const DATA_BYTES = 24;

/** Parses a header text as if `DATA_BYTES` bytes of data (or `data`) followed it. */
function parse(json: string, data = DATA_BYTES) {
  const bytes = new TextEncoder().encode(json);
  return parseHeader(bytes, 'w.safetensors', 8 + bytes.byteLength + data);
}

const valid = {
  __metadata__: { format: 'pt' },
  b: { dtype: 'F16', shape: [4], data_offsets: [16, 24] },
  a: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
};

/** The valid header with tensor `a` changed. */
const withA = (change: object) => JSON.stringify({ ...valid, a: { ...valid.a, ...change } });

describe('parseHeader', () => {
  it('gives the tensors in the order of their data', () => {
    const header = parse(`${JSON.stringify(valid)}   `);
    expect(header.entries).toEqual([
      { name: 'a', storedDtype: 'F32', shape: [2, 2], begin: 0, end: 16 },
      { name: 'b', storedDtype: 'F16', shape: [4], begin: 16, end: 24 },
    ]);
    expect(header.metadata).toEqual(new Map([['format', 'pt']]));
  });

  it('accepts scalars, empty tensors, an empty file and types it does not know', () => {
    const { entries } = parse(
      '{"e":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},"s":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"n":{"dtype":"NF4","shape":[5],"data_offsets":[8,11]}}',
      11,
    );
    expect(entries.map(({ name }) => name)).toEqual(['e', 's', 'n']);
    expect(parse('{}', 0).entries).toEqual([]);
  });

  it('says what is wrong with a damaged header', () => {
    const damaged = {
      'no object': '[1]',
      'no entry object': '{"a":3}',
      'no dtype': withA({ dtype: undefined }),
      'negative size': withA({ shape: [-2, 2] }),
      'one offset': withA({ data_offsets: [0] }),
      backwards: withA({ data_offsets: [16, 0] }),
      'wrong size': withA({ shape: [2, 3] }),
      overlap: withA({ shape: [6], data_offsets: [0, 24] }),
      gap: withA({ shape: [3], data_offsets: [0, 12] }),
      'name twice':
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
      'metadata number': '{"__metadata__":{"x":1}}',
    };
    const messages = Object.entries(damaged).map(([what, json]) => `${what}: ${messageOf(() => parse(json))}`);
    expect(messages.join('\n')).toMatchInlineSnapshot(`
      "no object: w.safetensors: the safetensors header is not a JSON object.
      no entry object: w.safetensors: tensor "a": its header entry is not a JSON object.
      no dtype: w.safetensors: tensor "a": its dtype is missing or not a string.
      negative size: w.safetensors: tensor "a": its shape is missing or not a list of sizes.
      one offset: w.safetensors: tensor "a": its data_offsets are missing or not two sizes.
      backwards: w.safetensors: tensor "a": its data ends (0) before it begins (16).
      wrong size: w.safetensors: tensor "a": F32 [2, 3] takes 24 bytes, but its data_offsets span 16.
      overlap: w.safetensors: tensor "b" overlaps tensor "a": it begins at data byte 16 instead of 24.
      gap: w.safetensors: tensor "b" leaves a gap after tensor "a": it begins at data byte 16 instead of 12.
      name twice: w.safetensors: the header names tensor "a" twice. Save the checkpoint again.
      metadata number: w.safetensors: __metadata__ "x" is not a string."
    `);
  });

  it('names the file whose header is no JSON', () => {
    expect(messageOf(() => parse('{"a":'))).toContain('w.safetensors: the safetensors header is not valid JSON: ');
  });

  it('names file, tensor and both sizes when the file is too short or too long', () => {
    expect(() => parse(JSON.stringify(valid), 20)).toThrowErrorMatchingInlineSnapshot(
      `[WeightError: w.safetensors is truncated: tensor "b" ends at byte 175, but the file has 171 of the 175 bytes its header describes. Download it again.]`,
    );
    expect(() => parse(JSON.stringify(valid), 30)).toThrowErrorMatchingInlineSnapshot(
      `[WeightError: w.safetensors has 181 bytes, but its header describes 175: 6 bytes belong to no tensor. Download it again.]`,
    );
  });

  it('meets any damage with a WeightError', () => {
    const sound = new TextEncoder().encode(JSON.stringify(valid));
    const damage = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.nat(sound.length), (flips, length) => {
        const bytes = sound.slice(0, length);
        for (const [at, byte] of flips) if (at < length) bytes[at] = byte;
        expectOnlyWeightErrors(() => parseHeader(bytes, 'w.safetensors', 8 + sound.length + DATA_BYTES));
      }),
      { numRuns: 5000 },
    );
  });

  it('meets any JSON with a WeightError', () => {
    const entry = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom('F32', 'U8', 'F4', 'toString'), fc.jsonValue()),
        shape: fc.oneof(fc.array(fc.oneof(fc.nat(5), fc.double())), fc.jsonValue()),
        data_offsets: fc.oneof(fc.tuple(fc.nat(30), fc.nat(30)), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), fc.oneof(entry, fc.jsonValue())),
        (json) => expectOnlyWeightErrors(() => parse(JSON.stringify(json))),
      ),
      { numRuns: 2000 },
    );
  });
});

describe('headerLength', () => {
  const length = (value: bigint) => new Uint8Array(BigUint64Array.of(value).buffer);

  it('reads the length', () => {
    expect(headerLength(length(40n), 'w.safetensors', 100)).toBe(40);
  });

  it('refuses a length the file cannot have', () => {
    expect(() => headerLength(length(1n << 60n), 'w.safetensors', 100)).toThrowErrorMatchingInlineSnapshot(
      `[WeightError: w.safetensors is no safetensors file: its first 8 bytes announce a header of 1152921504606846976 bytes, the format allows 100000000.]`,
    );
    expect(() => headerLength(length(93n), 'w.safetensors', 100)).toThrowErrorMatchingInlineSnapshot(
      `[WeightError: w.safetensors is truncated or no safetensors file: its header should take 93 bytes, but the file ends after 100. Download it again.]`,
    );
    expect(() => headerLength(new Uint8Array(3), 'w.safetensors', 3)).toThrowErrorMatchingInlineSnapshot(
      `[WeightError: w.safetensors is no safetensors file: it has 3 bytes, the header's length alone takes 8. Download it again.]`,
    );
  });
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof WeightError) return error.message;
    throw error;
  }
  return 'no error';
}

function expectOnlyWeightErrors(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(WeightError);
  }
}
