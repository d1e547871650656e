import { captureImage, decodeImage, preprocessImage, readImageSettings } from '@casement/session/image';

/** The pixel values that a page computes from the file at `url`. */
export async function pixelValuesInPage(url: string, config: Readonly<Record<string, unknown>>): Promise<Float32Array> {
  const file = await (await fetch(url)).blob();
  return preprocessImage(await decodeImage(file), readImageSettings(config)).pixelValues;
}

/** What {@link decodeImage} says to the first `length` bytes of a file. */
export async function decodeStart(url: string, length: number): Promise<string> {
  const bytes = await (await fetch(url)).arrayBuffer();
  const image = await decodeImage(bytes.slice(0, length));
  return `${image.width}×${image.height}`;
}

/** Draws two colours on a canvas and reads them back. */
export async function captureCanvas(): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(2, 1);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no 2D canvas');
  context.fillStyle = 'rgb(10 20 30)';
  context.fillRect(0, 0, 1, 1);
  context.fillStyle = 'rgb(200 100 50)';
  context.fillRect(1, 0, 1, 1);
  return (await captureImage(canvas)).data;
}
