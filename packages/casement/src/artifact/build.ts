import type { Program } from '@casement/ir';
import { openCheckpoint } from '@casement/weights';
import { UserError } from '../error.ts';
import { loadModel } from '../load/loadModel.ts';
import { buildProgram, type QuantizationOptions } from '../quantize/buildProgram.ts';
import { MANIFEST_FILE } from './manifest.ts';
import { stageFolder } from './stage.ts';
import { type Artifact, type ArtifactOptions, writeArtifact } from './writeArtifact.ts';

export interface BuildOptions extends Omit<ArtifactOptions, 'processorOf' | 'quantized'>, QuantizationOptions {
  /** A model file or a checkpoint folder. */
  readonly model: string;
  /** Folder or file with the weights, when `model` is a file. */
  readonly checkpoint?: string;
  /** Folder of the artifact: made, or replaced if it holds an artifact. */
  readonly out: string;
}

export interface BuildResult extends Artifact {
  readonly program: Program;
  /** Weights that were to be quantised and could not be, and why. */
  readonly notes: readonly string[];
}

/**
 * Compiles a model and its weights into an artifact folder that appears whole or not at all. A folder that holds an
 * artifact is replaced; weights that would come out the same are kept, with the targets built from them. Throws UserError,
 * ConfigError, ModelError or WeightError, whose messages are for the person who made the mistake.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const model = await loadModel(options.model, options.checkpoint);
  const { checkpoint } = model;
  if (checkpoint === undefined) {
    throw new UserError(`${options.model} is a model without weights; name their folder with --checkpoint`);
  }
  const { program, quantized, notes } = buildProgram(model, options);
  const source = await openCheckpoint(checkpoint);
  try {
    const artifact = await stageFolder(options.out, { replaces: MANIFEST_FILE, signal: options.signal }, (dir) =>
      writeArtifact(dir, program, source, { ...options, quantized, processorOf: checkpoint }, options.out),
    );
    return { program, notes, ...artifact };
  } finally {
    await source.close();
  }
}
