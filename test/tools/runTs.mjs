/** Runs a TypeScript file with the workspace's sources: `node test/tools/runTs.mjs FILE [arguments of the file]`. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const [file = ''] = process.argv.splice(2, 1);
const server = await createServer({
  configFile: fileURLToPath(new URL('../../vitest.config.ts', import.meta.url)),
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
  appType: 'custom',
});
try {
  await server.ssrLoadModule(resolve(file), { fixStacktrace: true });
} finally {
  await server.close();
}
