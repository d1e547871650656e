import type { Tensor } from 'onnxruntime-node';

/** A model loaded into ONNX Runtime. */
export interface RuntimeSession {
  readonly inputMetadata: readonly { readonly name: string; readonly isTensor: boolean; readonly type: string }[];
  readonly outputNames: readonly string[];
  /** Computes the named results; a tensor beside a name is where that result is put. */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: Readonly<Record<string, Tensor | null>>,
  ): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}
