import type { ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createServer, defaultClientConditions, type Plugin } from 'vite';

/** Files on http://127.0.0.1, on a port of their own. */
export interface FileServer {
  /** The address of an empty page. */
  readonly blankPage: string;
  /** The address of a file or folder below the repository or below one of the folders given to {@link serveFiles}. */
  url(path: string): string;
  close(): Promise<void>;
}

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** With these a page has SharedArrayBuffer and precise clocks. */
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/**
 * Serves the repository and `folders` (absolute) as they are, except that TypeScript arrives as JavaScript and imports
 * of workspace packages lead to their sources: no build is needed. Byte ranges work.
 */
export async function serveFiles(folders: readonly string[]): Promise<FileServer> {
  const server = await createServer({
    configFile: false,
    envDir: false,
    root: REPOSITORY,
    appType: 'custom',
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
    resolve: { conditions: ['@casement/source', ...defaultClientConditions] },
    server: {
      host: '127.0.0.1',
      port: 0,
      hmr: false,
      ws: false,
      watch: null,
      headers: ISOLATED,
      fs: { allow: [REPOSITORY, ...folders] },
    },
    plugins: [blankPage],
  });
  await server.listen();
  const origin = server.resolvedUrls?.local[0];
  if (!origin) throw new Error('The file server listens, but Vite names no address for it.');
  return { blankPage: `${origin}blank`, url: (path) => origin + addressOf(resolve(path)), close: () => server.close() };
}

const blankPage: Plugin = {
  name: 'blank-page',
  configureServer({ middlewares }) {
    middlewares.use('/blank', (_request: unknown, response: ServerResponse) => {
      response.writeHead(200, { ...ISOLATED, 'Content-Type': 'text/html' }).end('<!doctype html><title>blank</title>');
    });
  },
};

/** One file has one address, however it is reached: a module with two would run twice. */
function addressOf(path: string): string {
  const { pathname } = pathToFileURL(path);
  const root = pathToFileURL(REPOSITORY).pathname;
  return pathname.startsWith(root) ? pathname.slice(root.length) : `@fs${pathname}`;
}
