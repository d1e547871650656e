import { constants } from 'node:os';
import { join } from 'node:path';
import { findChromiumArchives, unpackTar } from './chromium-archive.ts';
import { unpackOnce } from './unpack-once.ts';

/** glibc and musl keep a library that was opened with this flag even when whoever opened it closes it again. */
const RTLD_NODELETE = 0x1000;

/** What the Vulkan loader is called by those who open it, Dawn among them. */
const LOADER = 'libvulkan.so.1';

/** True if this machine has a Vulkan loader; it stays in the process, where Dawn finds it. */
export function hasVulkanLoader(): boolean {
  return openLibrary(LOADER) === undefined;
}

/**
 * Unpacks SwiftShader, a Vulkan device on the CPU, brings its Vulkan loader into the process, and calls `connect` while
 * the environment names SwiftShader as the only driver. `connect` must reach Vulkan before it returns: the environment
 * is put back at once, not when a promise settles, so nobody else ever sees it changed.
 *
 * @throws if this is not Linux on x64, if a package is missing, or if the loader cannot be opened.
 */
export async function withSwiftShader<T>(connect: () => Promise<T>): Promise<T> {
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== 'linux-x64') throw new Error(`The software adapter exists for linux-x64 only, this is ${platform}.`);
  const { version, folder: archives } = await findChromiumArchives();
  const folder = await unpackOnce(`swiftshader-${version}`, (draft) =>
    unpackTar(join(archives, 'swiftshader.tar.br'), draft),
  );
  const problem = openLibrary(join(folder, LOADER));
  if (problem) {
    throw new Error(
      `${problem}. If ${folder} forbids running programs, set XDG_CACHE_HOME to a folder that allows it.`,
    );
  }
  const driver = join(folder, 'vk_swiftshader_icd.json');
  // The newer name wins where both are known, the older one is all that older loaders know.
  return withEnvironment({ VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver }, connect);
}

/**
 * Loads a shared library into the process for good, so that a later open by its plain name finds it; returns what went
 * wrong. `process.dlopen` is for addons: it loads, misses the addon's registration, throws and closes the library again,
 * which RTLD_NODELETE turns into nothing.
 */
function openLibrary(path: string): string | undefined {
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.includes('did not self-register') ? undefined : message;
  }
  return undefined;
}

function withEnvironment<T>(variables: Record<string, string>, run: () => T): T {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return run();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
