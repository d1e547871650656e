import { type Calls, converse } from './converse.ts';

// A worker's global; the page's types know only `window`.
globalThis.onmessage = async ({ data: { folder, calls } }: MessageEvent<{ folder: string; calls: Calls }>) => {
  try {
    postMessage({ answers: await converse(navigator.gpu, folder, calls) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
