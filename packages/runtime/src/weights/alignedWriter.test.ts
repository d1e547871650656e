import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AlignedWriter } from './alignedWriter.ts';
import { planPieces } from './pieces.ts';

/** A device and a buffer in host memory, as strict about words as WebGPU. */
function fakeDevice(bytes: number) {
  const memory = new Uint8Array(bytes);
  const writeBuffer = (_: GPUBuffer, offset: number, data: Uint8Array, from: number, length: number) => {
    expect([offset % 4, length % 4]).toEqual([0, 0]);
    memory.set(data.subarray(from, from + length), offset);
  };
  // Nothing but these is used.
  const device = { queue: { writeBuffer } } as unknown as GPUDevice;
  const buffers = { get: () => ({}) as GPUBuffer };
  return { memory, device, buffers };
}

it('brings every upload into its place, however the file is cut into pieces', () => {
  const tensors = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(tensors, fc.integer({ min: 1, max: 23 }), (gaps, size) => {
      let [at, offset] = [0, 0];
      const uploads = gaps.map(([gap, byteLength]) => {
        const upload = { file: 'w', byteOffset: at + gap, byteLength, buffer: 'b', offset };
        at += gap + byteLength;
        offset += 64;
        return upload;
      });
      const content = Uint8Array.from({ length: at + 3 }, (_, i) => 1 + (i % 255));
      const chunks = { bytes: size, sha256: [] };
      const pieces = planPieces(uploads, [{ file: 'w', bytes: content.length, sha256: '', chunks }]);
      const { memory, device, buffers } = fakeDevice(offset);
      const writer = new AlignedWriter(device, buffers);
      for (const { offset, length, parts } of pieces) {
        for (const part of parts) writer.write(part, content.slice(offset, offset + length));
      }
      for (const { byteOffset, byteLength, offset } of uploads) {
        const expected = content.subarray(byteOffset, byteOffset + byteLength);
        expect(memory.subarray(offset, offset + byteLength)).toEqual(expected);
      }
    }),
  );
});

it('reads no piece that nothing needs, and refuses a plan that needs more than there is', () => {
  const upload = { file: 'w', byteOffset: 45, byteLength: 10, buffer: 'b', offset: 0 };
  const shard = { file: 'w', bytes: 58, sha256: '', chunks: { bytes: 20, sha256: ['a', 'b', 'c'] } };
  expect(planPieces([upload], [shard])).toMatchObject([{ offset: 40, length: 18, sha256: 'c' }]);
  expect(() => planPieces([upload], [{ ...shard, bytes: 50 }])).toThrowErrorMatchingInlineSnapshot(
    `[RuntimeError: the plan needs bytes 45 … 55 of w, which has 50 according to the manifest: they come from two builds; build the artifact again, or upload all of it]`,
  );
});
