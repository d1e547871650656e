/** Runs a TypeScript file with the workspace's sources: `node test/tools/runTs.mjs FILE [arguments of the file]`. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const [file = ''] = process.argv.splice(2, 1);
const configFile = fileURLToPath(new URL('../../vitest.config.ts', import.meta.url));
await runnerImport(resolve(file), { configFile });
