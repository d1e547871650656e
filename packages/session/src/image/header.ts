import { ImageError } from './error.ts';
import type { ImageSize } from './rgbImage.ts';

export interface ImageHeader extends ImageSize {
  readonly format: 'png' | 'jpeg' | 'webp';
}

/**
 * Reads format and size (before any EXIF rotation) from the first bytes of a file, without decoding it, so that a
 * small file that unpacks to gigabytes can be refused. Throws ImageError for anything but PNG, JPEG and WebP.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const header = readPng(view) ?? readJpeg(view) ?? readWebp(view);
    if (header) return header;
  } catch (cause) {
    if (cause instanceof RangeError) throw new ImageError('the image file ends within its header', { cause });
    throw cause;
  }
  throw new ImageError(`not a PNG, JPEG or WebP file (${describe(bytes)}): convert it to one of these`);
}

/** https://www.w3.org/TR/png-3/#11IHDR: signature, then the chunk IHDR with width and height. */
function readPng(view: DataView): ImageHeader | undefined {
  if (!startsWith(view, 0, '\x89PNG\r\n\x1a\n')) return undefined;
  if (!startsWith(view, 12, 'IHDR')) throw new ImageError('the PNG file does not begin with IHDR: it is damaged');
  return { format: 'png', width: view.getUint32(16), height: view.getUint32(20) };
}

/** ITU T.81, B.2.2: segments up to the frame header SOFn, which holds height and width. */
function readJpeg(view: DataView): ImageHeader | undefined {
  if (!startsWith(view, 0, '\xff\xd8\xff')) return undefined;
  let at = 2;
  for (;;) {
    if (view.getUint8(at) !== 0xff) throw new ImageError(`the JPEG file has no marker at byte ${at}: it is damaged`);
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // fill byte
    } else if (isFrameHeader(marker)) {
      return { format: 'jpeg', height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    } else if (marker === 0xd9 || marker === 0xda) {
      throw new ImageError('the JPEG file has no frame header before its data: it is damaged');
    } else {
      at += 2 + view.getUint16(at + 2);
    }
  }
}

/** SOF0 … SOF15 without DHT, JPG and DAC, which share the range. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** RFC 9649: a RIFF container whose first chunk is VP8 (lossy), VP8L (lossless) or VP8X (extended). */
function readWebp(view: DataView): ImageHeader | undefined {
  if (!startsWith(view, 0, 'RIFF') || !startsWith(view, 8, 'WEBP')) return undefined;
  const format = 'webp';
  if (startsWith(view, 12, 'VP8 ')) {
    return { format, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (startsWith(view, 12, 'VP8L')) {
    const bits = view.getUint32(21, true);
    return { format, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (startsWith(view, 12, 'VP8X')) {
    return { format, width: 1 + uint24(view, 24), height: 1 + uint24(view, 27) };
  }
  throw new ImageError('the WebP file has no image chunk: it is damaged');
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
}

function startsWith(view: DataView, at: number, text: string): boolean {
  if (view.byteLength < at + text.length) return false;
  return [...text].every((char, i) => view.getUint8(at + i) === char.charCodeAt(0));
}

function describe(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'it is empty';
  const first = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `its first bytes are ${first}`;
}
