import { createJiti } from 'jiti';
import * as authoring from '../authoring.ts';
import type { SourcePlaces } from './sourcePlaces.ts';

/** What a model file exports. */
export interface ModelModule {
  readonly default: unknown;
  readonly golden: unknown;
  readonly quantization: unknown;
}

/**
 * Imports a TypeScript or JavaScript module of the user's. `sources` learns where its compiled code comes from. Throws
 * what the module throws.
 */
export async function importModule(path: string, sources: SourcePlaces): Promise<ModelModule> {
  const options = {
    sourceMaps: true,
    fsCache: false,
    moduleCache: false,
    // So that a model file may lie where nothing is installed, and is built by the packages that compile it.
    virtualModules: { casement: authoring },
  };
  const transformer = createJiti(import.meta.url, options);
  const jiti = createJiti(import.meta.url, {
    ...options,
    transform: (input) => {
      const code = transformer.transform(input);
      if (input.filename !== undefined) sources.add(input.filename, input.source, code);
      return { code };
    },
  });
  const module = await jiti.import<Readonly<Record<string, unknown>>>(path);
  const { default: model, golden, quantization } = module;
  return { default: model, golden, quantization };
}
