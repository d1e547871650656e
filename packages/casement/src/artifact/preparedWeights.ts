import type { Manifest, WeightsSpec } from '@casement/runtime';
import type { QuantizationError, TensorLocation, UnusualValues } from '@casement/weights';

/** Weights of which everything is known but their values. */
export interface PreparedWeights {
  readonly locations: ReadonlyMap<string, TensorLocation>;
  /** The manifest of the artifact that has them already. */
  readonly keptFrom: Manifest | undefined;
  /** Puts them into an empty folder, once for all targets. */
  put(dir: string): Promise<PutWeights>;
}

export interface PutWeights {
  readonly spec: WeightsSpec;
  /** Weights that are not finite, or became infinite in the build's dtype; worth a warning. */
  readonly unusual: readonly UnusualValues[];
  /** What quantising did to each weight that was quantised. */
  readonly errors: readonly QuantizationError[];
}
