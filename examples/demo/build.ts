import { fileURLToPath } from 'node:url';
import { build } from 'casement';

/** Where the page's server looks for files that are served as they are. */
export const MODELS = new URL('../../out/demo/public/models/', import.meta.url);

const CHECKPOINTS = { casa: 'weights', insertion: 'weights-insertion' };

/** Builds the captioners for WebGPU; a build whose weights are still right takes a second. */
export async function buildModels(): Promise<void> {
  for (const [name, folder] of Object.entries(CHECKPOINTS)) {
    const model = fileURLToPath(new URL(`../captioner/${folder}`, import.meta.url));
    await build({ model, out: fileURLToPath(new URL(name, MODELS)), targets: ['webgpu'], dtype: 'f32' });
  }
}
