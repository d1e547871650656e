import { IrError, lengthDim, type Program, type StateDecl, upperBound } from '@casement/ir';
import type { BufferSpec } from '@casement/runtime';
import type { Operand } from '../operand.ts';
import type { DeviceProfile } from '../profile.ts';
import { stateStorage, storageBytes } from '../storage.ts';
import { joinBlocks } from '../wgsl/spans.ts';
import { align } from './arena.ts';

/**
 * Room for each state's capacity; states live as long as the model. They lie one after another in as few buffers as
 * possible, so that one binding can cover those that a kernel appends to.
 */
export class StatePlan {
  readonly buffers = new Map<string, BufferSpec>();
  private readonly operands = new Map<string, Operand>();
  private current = { name: '', bytes: 0 };

  constructor(program: Program, profile: DeviceProfile) {
    for (const decl of program.states.values()) this.operands.set(decl.name, this.place(program, decl, profile));
  }

  /** A state under the type it has when an entry begins. */
  operand(name: string): Operand | undefined {
    return this.operands.get(name);
  }

  /** How many bindings, each of `most` bytes, cover states that one kernel updates. */
  rangesOf(names: readonly string[], most: number): number {
    const operands = names.flatMap((name) => this.operand(name) ?? []);
    const parts = joinBlocks(operands, most);
    return new Set([...parts.values()].map(({ span }) => span)).size;
  }

  private place(program: Program, decl: StateDecl, profile: DeviceProfile): Operand {
    const { limits } = profile;
    const capacity = program.dims.get(lengthDim(decl))?.max ?? 0;
    const layout = decl.type.shape.map((dim, axis) => (axis === decl.axis ? capacity : dim));
    const count = layout.reduce<number>((product, dim) => product * upperBound(dim, program.dims), 1);
    if (decl.type.dtype === 'i64') {
      throw new IrError(`state "${decl.name}" is i64, which WGSL lacks; use i32 for it in the model`);
    }
    const storage = stateStorage(decl, profile);
    const bytes = storageBytes(storage, count);
    if (bytes > limits.maxStorageBufferBindingSize) {
      throw new IrError(
        `state "${decl.name}" has ${bytes} bytes for ${capacity} positions of "${lengthDim(decl)}"; ` +
          `${limits.maxStorageBufferBindingSize} may be bound at once: lower that dim's bound`,
      );
    }
    if (this.current.name === '' || this.current.bytes + align(bytes) > limits.maxBufferSize) {
      this.current = { name: `states${this.buffers.size}`, bytes: 0 };
    }
    const { name: buffer, bytes: offset } = this.current;
    this.current.bytes += align(bytes);
    this.buffers.set(buffer, { kind: 'state', bytes: this.current.bytes });
    return {
      block: { kind: 'state', name: decl.name, bytes, place: { buffer, offset } },
      storage,
      type: decl.type,
      layout,
    };
  }
}
