import type { Manifest, WeightsSpec } from '@casement/runtime';
import type { TensorLocation, UnusualValues } from '@casement/weights';

/** Weights that are in an artifact's folder. */
export interface PlacedWeights {
  readonly spec: WeightsSpec;
  readonly locations: ReadonlyMap<string, TensorLocation>;
  /** Weights that are not finite, or became infinite in the build's dtype; worth a warning. */
  readonly unusual: readonly UnusualValues[];
  /** The artifact that they were kept from, when nothing had to be written. */
  readonly keptFrom: Manifest | undefined;
}
