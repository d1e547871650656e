import { ops, type Place, type StateDecl } from '@casement/ir';
import { tensorOf, tracerOf } from './emit.ts';
import { callerOf } from './place.ts';
import type { Dim, DType, Shape } from './shape.ts';
import { type Tensor, traced } from './tensor.ts';
import type { Tracer } from './tracer.ts';

/** Keys and values that live from run to run. Reading it gives what the last `append` or `clear` before it left. */
export interface KvCache<B extends Dim = Dim, L extends Dim = Dim, H extends Dim = Dim, E extends Dim = Dim> {
  readonly keys: Tensor<'float', readonly [B, L, H, E]>;
  readonly values: Tensor<'float', readonly [B, L, H, E]>;
  /** Adds the keys and values of `N` positions. */
  append<N extends Dim>(
    k: Tensor<'float', readonly [B, N, H, E]>,
    v: Tensor<'float', readonly [B, NoInfer<N>, H, E]>,
  ): void;
  /** Drops all positions. */
  clear(): void;
}

/** A tensor that lives from run to run and grows along the dim that is a capacity. */
export interface Cache<T extends DType = DType, S extends Shape = Shape> {
  /** All of it, as the last `append` or `clear` before it left it. */
  readonly value: Tensor<T, S>;
  /** Adds `x` along the growing dim; its other sizes are the state's. */
  append(x: Tensor<T, { readonly [K in keyof S]: Dim }>): void;
  /** Drops all positions. */
  clear(): void;
}

export function openCache(
  tracer: Tracer,
  state: StateDecl,
  dtype: DType,
  shape: Shape,
  place: Place | undefined,
): Cache {
  const cache: Cache = {
    get value() {
      return tensorOf<DType, Shape>(tracer, tracer.graph.state(state), dtype, shape, place);
    },
    append(x) {
      appendTo(tracer, state, x, callerOf(cache.append));
    },
    clear() {
      clearState(tracer, state, callerOf(cache.clear));
    },
  };
  return cache;
}

export function openKvCache(
  tracer: Tracer,
  key: StateDecl,
  value: StateDecl,
  shape: Shape,
  place: Place | undefined,
): KvCache {
  const read = (state: StateDecl) =>
    tensorOf<'float', readonly [Dim, Dim, Dim, Dim]>(tracer, tracer.graph.state(state), 'float', shape, place);
  const cache: KvCache = {
    get keys() {
      return read(key);
    },
    get values() {
      return read(value);
    },
    append(k, v) {
      const from = callerOf(cache.append);
      appendTo(tracer, key, k, from);
      appendTo(tracer, value, v, from);
    },
    clear() {
      const from = callerOf(cache.clear);
      clearState(tracer, key, from);
      clearState(tracer, value, from);
    },
  };
  return cache;
}

function appendTo(tracer: Tracer, state: StateDecl, x: Tensor, place: Place | undefined): void {
  const held = tracer.graph.state(state);
  if (tracerOf('append', [x], place) !== tracer) {
    throw tracer.error(`append: ${x[traced].value.name} belongs to another entry than "${state.name}"`, place);
  }
  tracer.emit(ops.append, [held, x[traced].value], { axis: state.axis }, place);
}

function clearState(tracer: Tracer, state: StateDecl, place: Place | undefined): void {
  tracer.emit(ops.reset, [tracer.graph.state(state)], { axis: state.axis }, place);
}
