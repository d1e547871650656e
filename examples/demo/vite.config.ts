import { fileURLToPath } from 'node:url';
import { defaultClientConditions, defineConfig } from 'vite';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Within this repository packages resolve to their sources, so that the page needs no build of them. */
export default defineConfig({
  root: at('.'),
  // So that the built page can stand in any folder of a server.
  base: './',
  resolve: { conditions: ['@casement/source', ...defaultClientConditions] },
  // What build.ts writes: models/casa, models/insertion.
  publicDir: at('../../out/demo/public'),
  build: { outDir: at('../../out/demo/site'), emptyOutDir: true },
  worker: { format: 'es' },
});
