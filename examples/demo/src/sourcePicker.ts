import { element } from './element.ts';
import type { Settings } from './settings.ts';
import { sceneSource } from './sources/scene.ts';
import type { FrameSource } from './sources/source.ts';
import { cameraSource, videoSource } from './sources/video.ts';

export type SourceName = 'scene' | 'camera' | 'video';
type OpenSource = () => Promise<FrameSource>;

export interface PickerEvents {
  /** The user has chosen; whatever runs is to end. */
  begin(open: OpenSource, name: SourceName): void;
  fail(error: unknown): void;
}

/** Lets people choose what is captioned: the scene, a camera, or a video that they pick or drop. */
export function sourcePicker(settings: Settings, { begin, fail }: PickerEvents): { again(): void } {
  const [screen, drop] = [element('screen', HTMLDivElement), element('drop', HTMLParagraphElement)];
  const [canvas, video] = [element('scene', HTMLCanvasElement), element('video', HTMLVideoElement)];
  const input = element('file', HTMLInputElement);
  const radios = [...document.querySelectorAll<HTMLInputElement>('input[name=source]')];
  let file: Blob | undefined;
  let current: SourceName = 'scene';

  const openers: Record<SourceName, OpenSource> = {
    scene: async () => sceneSource(canvas, settings),
    camera: () => cameraSource(video, settings.pace),
    video: () => videoSource(video, file ?? new Blob(), settings.pace),
  };
  const choose = (name: SourceName) => {
    current = name;
    for (const radio of radios) radio.checked = radio.value === name;
    [canvas.hidden, video.hidden] = [name !== 'scene', name === 'scene'];
    begin(openers[name], name);
  };
  const take = (chosen: Blob | undefined) => {
    if (chosen === undefined) return choose(current);
    if (!chosen.type.startsWith('video/')) return fail(new Error('That is no video file.'));
    file = chosen;
    choose('video');
  };

  for (const radio of radios) {
    radio.addEventListener('change', () => {
      if (radio.value === 'video' && file === undefined) input.click();
      else choose(radio.value === 'camera' || radio.value === 'video' ? radio.value : 'scene');
    });
  }
  input.addEventListener('change', () => take(input.files?.[0]));
  input.addEventListener('cancel', () => take(undefined));
  for (const [type, over] of [
    ['dragover', true],
    ['dragleave', false],
    ['drop', false],
  ] as const) {
    screen.addEventListener(type, (event) => {
      event.preventDefault();
      drop.hidden = !over;
      if (type === 'drop') take(event.dataTransfer?.files[0]);
    });
  }
  return { again: () => begin(openers[current], current) };
}
