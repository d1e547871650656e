import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import { buildModels } from './build.ts';

const configFile = fileURLToPath(new URL('vite.config.ts', import.meta.url));

/** The page as it would be put on a server, models included, on a port of its own. */
export async function serveDemo(): Promise<{ readonly url: string; close(): Promise<void> }> {
  await buildModels();
  await build({ configFile, logLevel: 'error' });
  const server = await preview({ configFile, logLevel: 'error', preview: { host: '127.0.0.1', port: 0 } });
  const [url] = server.resolvedUrls?.local ?? [];
  if (url === undefined) throw new Error('The server listens, but Vite names no address for it.');
  return { url, close: () => server.close() };
}
