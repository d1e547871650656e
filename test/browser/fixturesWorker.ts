import type { Golden } from '../../packages/casement/src/golden.ts';
import { runArtifact } from './fixtures.ts';

self.onmessage = async ({ data: [url, golden] }: MessageEvent<[string, Golden]>) => {
  try {
    self.postMessage(await runArtifact(url, golden));
  } catch (error) {
    self.postMessage({ problem: error instanceof Error ? error.message : String(error) });
  }
};
