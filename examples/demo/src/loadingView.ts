import type { LoadProgress } from '@casement/runtime';
import { element } from './element.ts';
import { formatBytes } from './format.ts';

/** How far loading is: over the picture, until there is one. */
export function loadingView() {
  const [box, text, bar] = [
    element('loading', HTMLDivElement),
    element('loading-text', HTMLParagraphElement),
    element('loading-bar', HTMLProgressElement),
  ];
  return {
    start() {
      box.hidden = false;
      text.textContent = 'Looking for a GPU';
      bar.removeAttribute('value');
    },
    show({ weights, kernels, cacheProblem }: LoadProgress) {
      const from = weights.cached > 0 ? 'from this browser’s cache' : 'downloaded';
      const parts = [
        `${formatBytes(weights.loaded)} of ${formatBytes(weights.total)} ${from}`,
        `${kernels.loaded} of ${kernels.total} kernels compiled`,
        ...(cacheProblem ? [cacheProblem] : []),
      ];
      text.textContent = parts.join(', ');
      bar.value = (share(weights) + share(kernels)) / 2;
    },
    hide() {
      box.hidden = true;
    },
  };
}

function share({ loaded, total }: { readonly loaded: number; readonly total: number }): number {
  return total === 0 ? 0 : loaded / total;
}
