import {
  type DimBounds,
  isSymbolic,
  namedDim,
  nearest,
  type Origin,
  type Place,
  parseDim,
  printPlace,
  type Dim as Size,
} from '@casement/ir';
import type { DimDeclarations } from './dims.ts';
import { modelError } from './error.ts';
import type { Dim } from './shape.ts';

/** The sizes that a model gives to the names of dims. */
export class Sizes {
  private readonly known = new Map<Dim, Size>();

  constructor(
    private readonly model: string,
    private readonly dims: DimDeclarations,
    /** Where the model declares its dims. */
    private readonly place: Place | undefined,
  ) {}

  /** Names the model and where its dims are. */
  get title(): string {
    return `model "${this.model}"${this.place ? ` (${printPlace(this.place)})` : ''}`;
  }

  /** The size of a dim: names of fixed dims are replaced by their numbers. Throws ModelError when a name is unknown. */
  of(dim: Dim, { scope, place }: Origin): Size {
    if (typeof dim === 'number') return dim;
    const known = this.known.get(dim);
    if (known !== undefined) return known;
    if (dim === '...') {
      const problem = '"..." only stands in signatures; splitHeads and mergeHeads keep leading dims as they are';
      throw modelError(problem, scope, place);
    }
    const resolve = (name: string): Size => {
      const declared = this.declared(name);
      if (declared !== undefined) return typeof declared === 'number' ? declared : namedDim(name);
      const hint = nearest(name, Object.keys(this.dims));
      throw modelError(`dim "${name}"${hint} is not declared; add it to the dims of ${this.title}`, scope, place);
    };
    try {
      const size = parseDim(dim, resolve);
      this.known.set(dim, size);
      return size;
    } catch (error) {
      throw error instanceof SyntaxError ? modelError(error.message, scope, place) : error;
    }
  }

  /** Whether a size depends on how much a state holds, so that its name stands for several sizes in one entry. */
  growing(size: Size): boolean {
    return isSymbolic(size) && size.names.some((name) => this.isCapacity(name));
  }

  /** Whether the dim counts what a state holds. */
  isCapacity(dim: Dim): boolean {
    const declared = this.declared(String(dim));
    return typeof declared === 'object' && declared.kind === 'capacity';
  }

  /** The dims that are known at run time only. */
  bounds(): Map<string, DimBounds> {
    const bounds = new Map<string, DimBounds>();
    for (const [name, dim] of Object.entries(this.dims)) {
      if (typeof dim === 'number') continue;
      const { min, max, multipleOf } = dim;
      bounds.set(name, { min, max, multipleOf });
    }
    return bounds;
  }

  private declared(name: string): DimDeclarations[string] | undefined {
    return Object.hasOwn(this.dims, name) ? this.dims[name] : undefined;
  }
}
