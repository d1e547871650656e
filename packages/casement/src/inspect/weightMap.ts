import { dtypeBytes, elementCount } from '@casement/ir';
import { type MatchReport, openCheckpoint, type RenameTable } from '@casement/weights';
import { UserError } from '../error.ts';
import { loadModel } from '../load/loadModel.ts';
import { matchCheckpoint } from '../load/matchCheckpoint.ts';
import { buildProgram, type QuantizationOptions } from '../quantize/buildProgram.ts';

export interface WeightMapOptions extends QuantizationOptions {
  /** A model file or a checkpoint folder. */
  readonly model: string;
  /** Folder or file with the weights, when `model` is a file. */
  readonly checkpoint?: string;
  readonly rename?: RenameTable;
  /** Whether tensors that the model does not use are fine. */
  readonly allowExtra?: boolean;
}

/** Which tensor of a checkpoint becomes which param of a model. */
export interface WeightMap {
  readonly report: MatchReport;
  /** Whether `build` would accept it. */
  readonly complete: boolean;
  /** Of all params, in the build's dtype. */
  readonly bytes: number;
}

/**
 * Compares a model's params with a checkpoint's tensors, as `build` does before it writes; writes nothing. Throws what `build` throws, except for names and shapes that do not fit: those are in the report.
 */
export async function mapWeights(options: WeightMapOptions): Promise<WeightMap> {
  const { rename, allowExtra = false } = options;
  const model = await loadModel(options.model, options.checkpoint);
  const { checkpoint } = model;
  if (checkpoint === undefined) {
    throw new UserError(`${options.model} is a model without weights; name their folder with --checkpoint`);
  }
  const { program, quantized } = buildProgram(model, options);
  const source = await openCheckpoint(checkpoint);
  try {
    const report = await matchCheckpoint(program, source, rename, quantized);
    const { missing, misshaped, mistyped, leftOver } = report;
    const unmet = missing.length + misshaped.length + mistyped.length + (allowExtra ? 0 : leftOver.length);
    const sizes = [...program.params.values()].map(
      ({ type }) => elementCount(type.shape.map(Number)) * dtypeBytes(type.dtype),
    );
    return { report, complete: unmet === 0, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  } finally {
    await source.close();
  }
}
