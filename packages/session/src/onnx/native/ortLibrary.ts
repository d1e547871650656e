import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Names of the library that `onnxruntime-node` brings, by platform. */
const FILES: readonly RegExp[] = [/^libonnxruntime\.so/, /^libonnxruntime.*\.dylib$/, /^onnxruntime\.dll$/];

/** Where the ONNX Runtime of `onnxruntime-node` is on this machine; undefined where it has none. */
export function ortLibrary(): string | undefined {
  const root = packageRoot();
  if (root === undefined) return undefined;
  const napi = entries(join(root, 'bin')).find((name) => name.startsWith('napi-'));
  if (napi === undefined) return undefined;
  const folder = join(root, 'bin', napi, process.platform, process.arch);
  const file = entries(folder).find((name) => FILES.some((pattern) => pattern.test(name)));
  return file === undefined ? undefined : join(folder, file);
}

function packageRoot(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  } catch {
    return undefined; // bundled into another file, where packages are not found by name
  }
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // no binaries for this platform
  }
}
