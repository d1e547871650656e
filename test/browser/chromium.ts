import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';
import { findChromiumArchives, unpackTar } from '../../packages/session/src/webgpu/node/chromium-archive.ts';
import { unpackOnce } from '../../packages/session/src/webgpu/node/unpack-once.ts';

/**
 * Starts the Chromium of `@sparticuz/chromium`, headless, with WebGPU on SwiftShader. The first call on a machine unpacks
 * about 220 MB into Casement's cache folder, which takes seconds; starting takes a tenth of one. Throws if this is not
 * Linux on x64 or the browser does not start.
 */
export async function launchChromium(): Promise<Browser> {
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== 'linux-x64') throw new Error(`The packaged Chromium is for linux-x64, this is ${platform}.`);
  const folder = await unpackChromium();
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    // Its own NSS and expat, so that the system need not have them.
    env: { ...process.env, LD_LIBRARY_PATH: join(folder, 'lib') },
    args: [
      // Chromium's sandbox refuses root and many containers; the only pages here are our own.
      '--no-sandbox',
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      '--disable-background-networking',
      '--disable-component-update',
    ],
  });
}

async function unpackChromium(): Promise<string> {
  const { version, folder: archives } = await findChromiumArchives();
  return unpackOnce(`chromium-${version}`, async (draft) => {
    const executable = createWriteStream(join(draft, 'chromium'), { mode: 0o755 });
    await pipeline(createReadStream(join(archives, 'chromium.br')), createBrotliDecompress(), executable);
    await unpackTar(join(archives, 'swiftshader.tar.br'), draft);
    await unpackTar(join(archives, 'al2023.tar.br'), draft);
  });
}
