import { element } from './element.ts';
import { formatBytes } from './format.ts';
import type { Facts } from './messages.ts';

/** What runs, and on what. */
export function factList() {
  const list = element('facts', HTMLDListElement);
  return {
    show({ device, variant, kernels, dtype, weightBytes, memoryBytes, capacity }: Facts) {
      const pairs = {
        Device: device,
        Kernels: `${variant}, ${kernels}`,
        Numbers: dtype,
        Weights: formatBytes(weightBytes),
        'GPU memory': formatBytes(memoryBytes),
        'Room in the text cache': `${capacity.toLocaleString('en')} tokens`,
      };
      list.replaceChildren(
        ...Object.entries(pairs).map(([name, value]) => {
          const [pair, term, fact] = ['div', 'dt', 'dd'].map((tag) => document.createElement(tag));
          if (term) term.textContent = name;
          if (fact) fact.textContent = value;
          pair?.append(...[term, fact].filter((part) => part !== undefined));
          return pair ?? '';
        }),
      );
    },
  };
}
