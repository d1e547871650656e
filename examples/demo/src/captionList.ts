import type { Frame } from '../../captioner/src/draw.ts';
import { element } from './element.ts';

/** Captions that stay on the page. */
const KEPT = 30;

/** A caption that is being written. */
export interface Entry {
  append(text: string): void;
  /** `truth`: what happened, where that is known. */
  end(truth: string | undefined): void;
}

/** Captions, the newest on top. While one is written only eyes follow; ears get it when it is whole. */
export function captionList() {
  const [list, now, score] = [
    element('captions', HTMLOListElement),
    element('now', HTMLParagraphElement),
    element('score', HTMLParagraphElement),
  ];
  let [right, known] = [0, 0];
  const add = (item: HTMLLIElement) => {
    list.prepend(item);
    while (list.children.length > KEPT) list.lastElementChild?.remove();
  };
  return {
    clear() {
      list.replaceChildren();
      now.textContent = '';
      score.textContent = '';
      [right, known] = [0, 0];
    },
    note(text: string) {
      const item = document.createElement('li');
      item.className = 'note';
      item.textContent = text;
      add(item);
    },
    begin(frame: Frame): Entry {
      let said = '';
      now.textContent = '';
      now.classList.add('writing');
      return {
        append(text) {
          said += text;
          now.textContent = said.trim();
        },
        end(truth) {
          now.classList.remove('writing');
          const item = document.createElement('li');
          item.append(thumbnail(frame), textOf(said.trim()));
          if (truth !== undefined) {
            known++;
            if (said.trim() === truth) right++;
            else item.append(correction(truth));
            score.textContent = `${right} of ${known} captions are right, word for word.`;
          }
          add(item);
        },
      };
    },
  };
}

function textOf(said: string): HTMLElement {
  const span = document.createElement('span');
  span.className = 'said';
  span.textContent = said;
  return span;
}

function correction(truth: string): HTMLElement {
  const span = document.createElement('span');
  span.className = 'truth';
  span.textContent = `In truth: ${truth}`;
  return span;
}

/** The very pixels that the model saw. */
function thumbnail({ width, height, data }: Frame): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  canvas.setAttribute('aria-hidden', 'true');
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
  canvas.getContext('2d')?.putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas;
}
