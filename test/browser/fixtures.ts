import { fetchSource, loadArtifact, readManifest } from '@casement/runtime';
import { executorOf } from '@casement/session/webgpu';
import type { Golden } from '../../packages/casement/src/golden.ts';
import { type GoldenRun, runGolden } from '../../packages/casement/src/verify/runGolden.ts';

/** Runs a golden on the artifact at `url`, on the GPU of the page or worker that this runs in. Throws without one. */
export async function runArtifact(url: string, golden: Golden): Promise<GoldenRun> {
  const source = fetchSource(url);
  const manifest = await readManifest(source);
  const executor = executorOf(await loadArtifact(manifest, { source }), manifest);
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
