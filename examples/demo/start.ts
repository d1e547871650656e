import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { buildModels } from './build.ts';

console.log('Building the captioners for WebGPU');
await buildModels();
const server = await createServer({ configFile: fileURLToPath(new URL('vite.config.ts', import.meta.url)) });
await server.listen();
server.printUrls();
console.log('  Ctrl-C ends it');
// The script that runs this file ends its own server when the file is done; this one is to stay.
await new Promise(() => {});
