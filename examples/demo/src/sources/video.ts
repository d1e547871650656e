import { captureImage } from '@casement/session/image';
import { SIDE } from '../../../captioner/src/world.ts';
import { type FrameSource, type Pace, wait } from './source.ts';

/** The camera. Throws what the browser does when the user says no, or there is none. */
export async function cameraSource(video: HTMLVideoElement, pace: Pace): Promise<FrameSource> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
  video.srcObject = stream;
  await video.play();
  return playing(video, pace, () => {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  });
}

/** A video file, again and again. Throws when the browser cannot play it. */
export async function videoSource(video: HTMLVideoElement, file: Blob, pace: Pace): Promise<FrameSource> {
  const address = URL.createObjectURL(file);
  const free = () => {
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(address);
  };
  video.src = address;
  try {
    await video.play();
  } catch (cause) {
    free();
    throw new Error('This browser cannot play that file.', { cause });
  }
  return playing(video, pace, free);
}

/** What a video shows now, whenever the next frame is asked for. */
function playing(video: HTMLVideoElement, pace: Pace, free: () => void): FrameSource {
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  let stopped = false;
  return {
    async next() {
      await wait(pace.milliseconds / 4);
      if (stopped || !context) return undefined;
      const { videoWidth, videoHeight } = video;
      // The middle, since the model sees squares.
      const side = Math.min(videoWidth, videoHeight);
      context.drawImage(video, (videoWidth - side) / 2, (videoHeight - side) / 2, side, side, 0, 0, SIDE, SIDE);
      const { width, height, data } = await captureImage(canvas);
      return { frame: { width, height, data: new Uint8Array(data) } };
    },
    stop() {
      stopped = true;
      video.pause();
      free();
    },
  };
}
