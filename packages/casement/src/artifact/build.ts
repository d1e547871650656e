import type { FloatDType, Program } from '@casement/ir';
import { openCheckpoint } from '@casement/weights';
import { UserError } from '../error.ts';
import { loadModel } from '../load/loadModel.ts';
import { MANIFEST_FILE } from './manifest.ts';
import { stageFolder } from './stage.ts';
import { type Artifact, type ArtifactOptions, writeArtifact } from './writeArtifact.ts';

export interface BuildOptions extends Omit<ArtifactOptions, 'processorOf'> {
  /** A model file or a checkpoint folder. */
  readonly model: string;
  /** Folder or file with the weights, when `model` is a file. */
  readonly checkpoint?: string;
  readonly dtype?: FloatDType;
  /** Folder of the artifact: made, or replaced if it holds an artifact. */
  readonly out: string;
}

export interface BuildResult extends Artifact {
  readonly program: Program;
}

/**
 * Compiles a model and its weights into an artifact folder that appears whole or not at all. A folder that holds an
 * artifact is replaced; weights that would come out the same are kept, with the targets built from them. Throws UserError,
 * ConfigError, ModelError or WeightError, whose messages are for the person who made the mistake.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const { definition, checkpoint } = await loadModel(options.model, options.checkpoint);
  if (checkpoint === undefined) {
    throw new UserError(`${options.model} is a model without weights; name their folder with --checkpoint`);
  }
  const program = definition.build({ dtype: options.dtype ?? 'f32' });
  const source = await openCheckpoint(checkpoint);
  try {
    const artifact = await stageFolder(options.out, { replaces: MANIFEST_FILE, signal: options.signal }, (dir) =>
      writeArtifact(dir, program, source, { ...options, processorOf: checkpoint }, options.out),
    );
    return { program, ...artifact };
  } finally {
    await source.close();
  }
}
