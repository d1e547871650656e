import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import type { ExtractOptions } from 'tar-fs';

/** The compressed files that the npm package `@sparticuz/chromium` ships, and the version they have. */
export interface ChromiumArchives {
  readonly version: string;
  /** Absolute folder with `chromium.br`, `swiftshader.tar.br` and `fonts.tar.br`. */
  readonly folder: string;
}

/** Finds `@sparticuz/chromium`. Throws, naming the package to install, when it is absent. */
export async function findChromiumArchives(): Promise<ChromiumArchives> {
  const root = join(dirname(resolveChromium()), '..', '..');
  const manifest: { version: string } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return { version: manifest.version, folder: join(root, 'bin') };
}

/** Unpacks the brotli-compressed tar file `archive` into `folder`. Throws if the npm package `tar-fs` is absent. */
export async function unpackTar(archive: string, folder: string): Promise<void> {
  const { extract } = await import('tar-fs').catch((cause: unknown) => {
    throw new Error(`${archive} needs the npm package "tar-fs" to be unpacked: npm install tar-fs`, { cause });
  });
  await pipeline(createReadStream(archive), createBrotliDecompress(), extract(folder, KEEP_OWNER));
}

/** As root, tar would hand the files to whichever user has the packer's number. The option is missing in tar-fs's types. */
const KEEP_OWNER: ExtractOptions & { chown: boolean } = { chown: false };

/** The package's main file, two folders below its root; its `exports` hide everything else. */
function resolveChromium(): string {
  try {
    return createRequire(import.meta.url).resolve('@sparticuz/chromium');
  } catch (cause) {
    throw new Error(
      'The npm package "@sparticuz/chromium", which holds the SwiftShader software adapter, is not installed: ' +
        'npm install @sparticuz/chromium tar-fs',
      { cause },
    );
  }
}
