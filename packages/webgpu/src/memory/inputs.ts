import { type Graph, IrError, type Program, printType, productDims, upperBound, type Value } from '@casement/ir';
import type { BufferSpec } from '@casement/runtime';
import { denseOperand, type Operand } from '../operand.ts';
import type { ProfileLimits } from '../profile.ts';
import { hostStorage, storageBytes } from '../storage.ts';
import { align } from './arena.ts';

const BUFFER = 'inputs';

/** One buffer for all entries, since they run one at a time: the dims, then the inputs at their largest. */
export class InputPlan {
  private bytes: number;

  constructor(
    private readonly program: Program,
    private readonly limits: ProfileLimits,
  ) {
    this.bytes = align(4 * Math.max(program.dims.size, 1));
  }

  /** Where the dims are read from. */
  get dims() {
    return { buffer: BUFFER, offset: 0, bytes: uniformBytes(this.program.dims.size) };
  }

  get buffers(): ReadonlyMap<string, BufferSpec> {
    return new Map([[BUFFER, { kind: 'inputs', bytes: this.bytes }]]);
  }

  /** Operands of the inputs of an entry for some values of its dims: the same memory as those of the entry. */
  specialise(inputs: ReadonlyMap<Value, Operand>, graph: Graph): Map<Value, Operand> {
    const known = new Map([...inputs].map(([{ name }, operand]) => [name, operand]));
    return new Map(
      graph.inputs.flatMap((input): [Value, Operand][] => {
        const whole = known.get(input.name);
        if (!whole) return [];
        const count = productDims(input.type.shape);
        // What is read of a smaller input may be bound as a uniform.
        const bytes = typeof count === 'number' ? storageBytes(whole.storage, count) : whole.block.bytes;
        return [[input, denseOperand({ ...whole.block, bytes }, whole.storage, input.type)]];
      }),
    );
  }

  /** Operands of an entry's inputs. */
  place(graph: Graph): Map<Value, Operand> {
    let offset = align(this.dims.bytes);
    const operands = graph.inputs.map((input): [Value, Operand] => {
      const storage = hostStorage(input.type.dtype);
      const bytes = storageBytes(storage, upperBound(productDims(input.type.shape), this.program.dims));
      if (input.type.dtype === 'i64') {
        throw new IrError(
          `entry ${graph.name}: input "${input.name}" is i64, which WGSL lacks; use i32 for it in the model`,
        );
      }
      const problem = bindingProblem(this.program, input, bytes, this.limits);
      if (problem) throw new IrError(`entry ${graph.name}: input ${problem}`);
      const block = { kind: 'inputs', name: input.name, bytes, place: { buffer: BUFFER, offset } } as const;
      offset += align(bytes);
      return [input, denseOperand(block, storage, input.type)];
    });
    this.bytes = Math.max(this.bytes, offset);
    return new Map(operands);
  }
}

/** Why a value is too large to be bound, naming the dims that make it so; undefined when it is not. */
export function bindingProblem(
  program: Program,
  { name, type }: Value,
  bytes: number,
  limits: ProfileLimits,
): string | undefined {
  const most = limits.maxStorageBufferBindingSize;
  if (bytes <= most) return undefined;
  const names = new Set(type.shape.flatMap((dim) => (typeof dim === 'number' ? [] : dim.names)));
  const bounds = [...names].map((dim) => `${dim} ≤ ${program.dims.get(dim)?.max}`).join(', ');
  return (
    `"${name}", ${printType(type)}, takes ${bytes} bytes${bounds ? ` (${bounds})` : ''}; ` +
    `${most} may be bound at once: ${bounds ? 'lower those bounds' : 'split it'}`
  );
}

function uniformBytes(dims: number): number {
  return Math.max(16, Math.ceil((4 * dims) / 16) * 16);
}
