import { fetchSource, type Manifest } from '@casement/runtime';
import { webgpuExecutor } from '@casement/session/webgpu';
import type { Golden } from '../../packages/casement/src/golden.ts';
import { type GoldenRun, runGolden } from '../../packages/casement/src/verify/runGolden.ts';

/** Runs a golden on the artifact at `url`, on the GPU of the page or worker that this runs in. Throws without one. */
export async function runArtifact(url: string, golden: Golden): Promise<GoldenRun> {
  // Only `build` writes manifests.
  const manifest = (await (await fetch(`${url}/casement.json`)).json()) as Manifest;
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error('this browser offers no WebGPU adapter');
  const executor = await webgpuExecutor({
    signature: manifest,
    source: fetchSource(url),
    plan: manifest.targets.webgpu?.plan ?? 'plan.json',
    adapter,
  });
  try {
    return await runGolden(executor, golden);
  } finally {
    await executor.dispose();
  }
}

/** {@link runArtifact} in a worker of its own. */
export async function runInWorker(url: string, golden: Golden): Promise<GoldenRun> {
  const worker = new Worker(new URL('./fixturesWorker.ts', import.meta.url), { type: 'module' });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => ('problem' in data ? reject(new Error(data.problem)) : resolve(data));
      worker.onerror = ({ message }) => reject(new Error(`the worker failed: ${message}`));
      worker.postMessage([url, golden]);
    });
  } finally {
    worker.terminate();
  }
}
