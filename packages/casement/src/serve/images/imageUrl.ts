import { readImageHeader } from '@casement/session/image';
import { ApiError } from '../apiError.ts';
import type { Limits } from '../limits.ts';
import { type DownloadOptions, download } from './download.ts';

export interface ImageUrlOptions extends Pick<DownloadOptions, 'allowed' | 'ca'> {
  readonly limits: Pick<Limits, 'imageBytes' | 'imagePixels'>;
  /** Hosts from which pictures are downloaded, as they stand in URLs (`host`, or `host:port`). */
  readonly hosts: ReadonlySet<string>;
}

/** Long enough for a picture of the largest size over a slow line. */
const DOWNLOAD_SECONDS = 20;

/** Gets a picture's file from a `data:` URL, or from an `https:` URL of an allowed host. Throws ApiError or ImageError. */
export async function readImageUrl(text: string, options: ImageUrlOptions, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = text.startsWith('data:') ? readDataUrl(text) : await readHttpsUrl(text, options, signal);
  checkPixels(bytes, options.limits.imagePixels);
  return bytes;
}

/** Refuses a picture by its header. Throws ApiError, or ImageError for what is no picture. */
export function checkPixels(bytes: Uint8Array, most: number): void {
  const { width, height } = readImageHeader(bytes);
  if (width * height <= most) return;
  const message = `the picture has ${width}×${height} pixels, and the server takes at most ${most} in all; give a smaller one`;
  throw new ApiError(400, message, { code: 'image_too_large' });
}

function readDataUrl(text: string): Uint8Array {
  const comma = text.indexOf(',');
  const data = text.slice(comma + 1);
  if (!/^data:image\/[\w.+-]+;base64$/i.test(text.slice(0, comma)) || !/^[A-Za-z0-9+/]+={0,2}$/.test(data)) {
    throw new ApiError(400, 'a data URL must be data:image/…;base64,…', { code: 'invalid_image_url' });
  }
  return Buffer.from(data, 'base64');
}

async function readHttpsUrl(text: string, options: ImageUrlOptions, signal: AbortSignal): Promise<Uint8Array> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const permitted = url?.protocol === 'https:' && url.username === '' && url.password === '';
  if (!url || !permitted || !options.hosts.has(url.host)) {
    const allowed = options.hosts.size > 0 ? ` or https: URLs of ${[...options.hosts].join(', ')}` : '';
    throw new ApiError(400, `pictures are given as data: URLs${allowed}`, { code: 'invalid_image_url' });
  }
  const stop = new AbortController();
  const giveUp = () => stop.abort(signal.reason);
  const late = () => stop.abort(new ApiError(400, 'the download took too long', { code: 'invalid_image_url' }));
  const timer = setTimeout(late, DOWNLOAD_SECONDS * 1000);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await download(url, { ...options, maxBytes: options.limits.imageBytes, signal: stop.signal });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}
