const NO_WEBGPU =
  'This page computes on your GPU, and this browser does not let it (WebGPU is missing). Current versions of Chrome, ' +
  'Edge, Safari and Firefox can; some need it switched on, and all need an https page or localhost.';

/** What `getUserMedia` throws. */
const CAMERA = new Set(['NotAllowedError', 'NotFoundError', 'NotReadableError', 'OverconstrainedError']);

/** What to tell a person about an error. */
export function explain(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof DOMException && CAMERA.has(error.name)) {
    return `There is no camera to watch: ${message}. Choose another source.`;
  }
  switch (code) {
    case 'device':
      return navigator.gpu ? `Your GPU cannot run this model: ${message}` : NO_WEBGPU;
    case 'memory':
      return `Your GPU has no room for this model: ${message}`;
    case 'device-lost':
      return 'The browser took the GPU away, perhaps because something else needed it. Reload the page to go on.';
    case 'worker-lost':
      return `The part of this page that computes is gone (${message}). Reload the page to go on.`;
    case 'source':
      return `The model is not there: ${message}. Did npm run demo build it?`;
    case 'network':
      return `The model could not be downloaded: ${message}`;
    default:
      return message;
  }
}
