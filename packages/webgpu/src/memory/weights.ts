import { type DType, elementCount, type IrError, isFloat, printType, type Value } from '@casement/ir';
import type { BufferSpec, Upload } from '@casement/runtime';
import type { Piece } from '../lowering.ts';
import { type Block, denseOperand } from '../operand.ts';
import type { DeviceProfile } from '../profile.ts';
import { storageBytes, storageInfo, weightStorage } from '../storage.ts';
import { align } from './arena.ts';

/** Where a param's bytes are, as the shard writer reports it. */
export interface WeightLocation {
  readonly file: string;
  readonly byteOffset: number;
  readonly byteLength: number;
  /** As stored; floats may differ from the param's own dtype. */
  readonly dtype: DType;
}

/** Makes an error of a problem, with the place of the node that uses the param. */
type Fail = (problem: string) => IrError;

/** Rows of a piece start at a word whatever the storage: at most four elements share one. */
const ROW_STEP = 4;

/** Gives each param that is used a range in a weight buffer, or several when it is too large to be bound whole. */
export class WeightPlan {
  readonly buffers = new Map<string, BufferSpec>();
  readonly uploads: Upload[] = [];
  private readonly placed = new Map<string, readonly Piece[]>();
  private current = { name: '', bytes: 0 };

  constructor(
    private readonly locations: ReadonlyMap<string, WeightLocation>,
    private readonly profile: DeviceProfile,
  ) {}

  /** Row ranges of a param, each small enough to be bound. Throws what `fail` makes of missing or unfit weights. */
  pieces(param: Value, fail: Fail): readonly Piece[] {
    const known = this.placed.get(param.name);
    if (known) return known;
    const location = this.locate(param, fail);
    const shape = param.type.shape.map(Number); // the verifier demands fixed sizes
    const [rows = 1] = shape;
    const storage = weightStorage(location.dtype, this.profile);
    const rowElements = elementCount(shape.slice(1));
    const perPiece = this.rowsPerPiece(param, storageBytes(storage, elementCount(shape)), rows, fail);
    const pieces: Piece[] = [];
    for (let first = 0; first === 0 || first < rows; first += perPiece) {
      const count = Math.min(perPiece, rows - first);
      const bytes = storageBytes(storage, count * rowElements);
      const fileBytes = (elements: number) => elements * storageInfo(storage).bytes;
      const block = this.place(bytes, perPiece < rows ? `${param.name}[${first}…${first + count - 1}]` : param.name);
      const byteOffset = location.byteOffset + fileBytes(first * rowElements);
      const byteLength = fileBytes(count * rowElements);
      if (block.place && byteLength > 0)
        this.uploads.push({ file: location.file, byteOffset, byteLength, ...block.place });
      const type = { dtype: param.type.dtype, shape: param.type.shape.length > 0 ? [count, ...shape.slice(1)] : [] };
      pieces.push({ operand: denseOperand(block, storage, type), first, rows: count });
    }
    this.placed.set(param.name, pieces);
    return pieces;
  }

  /** Whether a param can be bound whole. Unknown ones can. */
  isWhole(param: Value): boolean {
    return (this.locations.get(param.name)?.byteLength ?? 0) <= this.profile.limits.maxStorageBufferBindingSize;
  }

  /**
   * Places params that one kernel reads next to each other, those of equal storage in a row, so that few bindings cover
   * them. Params that have a place or are bound in pieces stay as they are.
   */
  placeTogether(params: readonly Value[], fail: Fail): void {
    const free = params.filter((param) => !this.placed.has(param.name) && this.isWhole(param));
    const byStorage = new Map<string, Value[]>();
    for (const param of free) {
      const storage = weightStorage(this.locate(param, fail).dtype, this.profile);
      byStorage.set(storage, [...(byStorage.get(storage) ?? []), param]);
    }
    for (const group of byStorage.values()) {
      const bytes = group.reduce((sum, { name }) => sum + align(this.locations.get(name)?.byteLength ?? 0), 0);
      if (bytes <= this.profile.limits.maxBufferSize) this.startBufferFor(bytes);
      for (const param of group) this.pieces(param, fail);
    }
  }

  private locate(param: Value, fail: Fail): WeightLocation {
    const location = this.locations.get(param.name);
    const what = `param "${param.name}": ${printType(param.type)}`;
    if (location === undefined) throw fail(`${what} has no weights; give their location`);
    if (location.dtype === 'i64') throw fail(`${what} is stored as i64, which WGSL lacks; store it as i32`);
    if (location.dtype !== param.type.dtype && !(isFloat(location.dtype) && isFloat(param.type.dtype))) {
      throw fail(`${what} is stored as ${location.dtype} in ${location.file}; convert it first`);
    }
    const bytes =
      elementCount(param.type.shape.map(Number)) * storageInfo(weightStorage(location.dtype, this.profile)).bytes;
    if (bytes !== location.byteLength) {
      throw fail(`${what} needs ${bytes} bytes as ${location.dtype}, ${location.file} has ${location.byteLength}`);
    }
    return location;
  }

  private rowsPerPiece(param: Value, bytes: number, rows: number, fail: Fail): number {
    const most = this.profile.limits.maxStorageBufferBindingSize;
    if (bytes <= most) return Math.max(rows, 1);
    const perPiece = Math.floor((rows * most) / bytes / ROW_STEP) * ROW_STEP;
    if (perPiece > 0) return perPiece;
    throw fail(
      `param "${param.name}" has ${bytes} bytes in ${rows} rows; ` +
        `${ROW_STEP} rows exceed the ${most} bytes that may be bound at once`,
    );
  }

  private place(bytes: number, name: string): Block {
    this.startBufferFor(align(bytes));
    const place = { buffer: this.current.name, offset: this.current.bytes };
    this.current.bytes += align(bytes);
    this.buffers.set(this.current.name, { kind: 'weights', bytes: this.current.bytes });
    return { kind: 'weights', name, bytes, place };
  }

  /** Goes on in a new buffer if so many bytes do not fit the current one. */
  private startBufferFor(bytes: number): void {
    if (this.current.name !== '' && this.current.bytes + bytes <= this.profile.limits.maxBufferSize) return;
    this.current = { name: `weights${this.buffers.size}`, bytes: 0 };
  }
}
