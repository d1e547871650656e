import { type TensorType, tensorOf } from '@casement/ir';
import type { BufferSpec, Upload } from '@casement/runtime';
import { denseOperand, type Operand } from '../operand.ts';
import { hostStorage } from '../storage.ts';
import { align } from './arena.ts';

/** The file and the buffer that hold all constants. */
const FILE = 'constants.bin';
const BUFFER = 'constants';

/** Collects the program's constants, equal ones once. */
export class ConstantPlan {
  private readonly known = new Map<string, number>();
  private readonly parts: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  private end = 0;

  /** Where a tensor of these values is kept. Its sizes are fixed. */
  add(type: TensorType, values: ArrayLike<number>): Operand {
    const { data } = tensorOf(type.dtype, type.shape.map(Number), values);
    const words = data instanceof Uint8Array ? Uint32Array.from(data) : data;
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    const key = bytes.join();
    const offset = this.known.get(key) ?? this.append(bytes);
    this.known.set(key, offset);
    const block = {
      kind: 'constants',
      name: 'constant',
      bytes: bytes.byteLength,
      place: { buffer: BUFFER, offset },
    } as const;
    return denseOperand(block, hostStorage(type.dtype), type);
  }

  get buffers(): ReadonlyMap<string, BufferSpec> {
    return new Map(this.end > 0 ? [[BUFFER, { kind: 'constants', bytes: this.end }]] : []);
  }

  get uploads(): Upload[] {
    return this.end > 0 ? [{ file: FILE, byteOffset: 0, byteLength: this.end, buffer: BUFFER, offset: 0 }] : [];
  }

  get files(): ReadonlyMap<string, Uint8Array> {
    const content = new Uint8Array(this.end);
    for (const { offset, bytes } of this.parts) content.set(bytes, offset);
    return new Map(this.end > 0 ? [[FILE, content]] : []);
  }

  private append(bytes: Uint8Array): number {
    const offset = this.end;
    this.parts.push({ offset, bytes });
    this.end += align(Math.max(bytes.byteLength, 4));
    return offset;
  }
}
