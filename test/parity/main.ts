import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fileSource, readPlan } from '@casement/runtime';
import { webgpuExecutor } from '@casement/session/webgpu';
import { acquireNodeGpu } from '@casement/session/webgpu-node';
import { build } from '../../packages/casement/src/artifact/build.ts';
import { readManifest } from '../../packages/casement/src/artifact/manifest.ts';
import { formatError } from '../../packages/casement/src/format.ts';
import { readGolden } from '../../packages/casement/src/golden.ts';
import { readImageToken } from '../../packages/casement/src/load/readConfig.ts';
import { runGolden } from '../../packages/casement/src/verify/runGolden.ts';
import { compileOnce } from '../support/compileOnce.ts';
import { softwareDevice } from './devices.ts';

// Every fixture on every device class, against PyTorch: `npm run parity [part of a fixture's name …]`. On SwiftShader, and
// then on the adapter of this machine; that may be lavapipe, see test/tools/lavapipe.sh.

const fixtures = join(import.meta.dirname, '..', 'fixtures');
const asked = process.argv.slice(2);
const names = (await readdir(fixtures)).filter(
  (name) => asked.length === 0 || asked.some((part) => name.includes(part)),
);
const folder = await mkdtemp(join(tmpdir(), 'parity-'));
let failures = 0;

try {
  await runAll(compileOnce(await softwareDevice()));
  const machine = await machineDevice();
  if (machine) await runAll(compileOnce(machine));
} finally {
  await rm(folder, { recursive: true });
}
console.log(failures === 0 ? 'all within the bounds' : `${failures} runs out of bounds`);
process.exitCode = failures === 0 ? 0 : 1;

/** The machine's own adapter, or that of the driver that the environment names. */
async function machineDevice(): Promise<GPUDevice | undefined> {
  const adapter = await (await acquireNodeGpu()).requestAdapter();
  if (adapter === null || adapter.info.description.includes('SwiftShader')) {
    console.log('lavapipe: skipped, no adapter but SwiftShader; run eval "$(test/tools/lavapipe.sh)" before');
    return undefined;
  }
  const wanted: GPUFeatureName[] = ['subgroups', 'shader-f16'];
  return adapter.requestDevice({ requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)) });
}

async function runAll(device: GPUDevice): Promise<void> {
  console.log(device.adapterInfo.description);
  for (const name of names) {
    for (const [dtype, allowed] of [
      ['f32', 5e-5],
      ['f16', 2e-2],
    ] as const) {
      const dir = join(folder, `${name}-${dtype}`);
      await build({ model: join(fixtures, name), out: dir, targets: ['webgpu'], dtype });
      const worst = await eachClass(device, name, dir, dtype, allowed);
      console.log(`  ${name} ${dtype}: ${worst.join(', ')}`);
    }
  }
  device.destroy();
}

/** The largest difference in each class. */
async function eachClass(device: GPUDevice, name: string, dir: string, dtype: string, allowed: number) {
  const imageToken = await readImageToken(join(fixtures, name));
  const golden = await readGolden(join(fixtures, name, 'golden.safetensors'), { imageToken });
  const signature = await readManifest(dir);
  const found: string[] = [];
  const source = fileSource(pathToFileURL(dir));
  const { variants } = await readPlan(source);
  for (const { name: variant, requires } of variants) {
    if (requires.features.some((feature) => !device.features.has(feature))) {
      found.push(`${variant} skipped`);
      continue;
    }
    const executor = await webgpuExecutor({ signature, source, device, variant });
    const { greedy, imageTokens, ...logits } = await runGolden(executor, golden);
    await executor.dispose();
    const differences = [...Object.values(logits), ...(imageTokens ? [imageTokens] : [])];
    const worst = Math.max(...differences.map(({ maxAbsolute }) => maxAbsolute));
    // In half precision a near tie may fall the other way.
    const same = dtype !== 'f32' || String(greedy) === String(golden.greedy);
    const right = worst <= allowed && same;
    if (!right) failures += 1;
    found.push(`${variant} ${formatError(worst)}${right ? '' : same ? ' TOO FAR' : ' OTHER TOKENS'}`);
  }
  return found;
}
