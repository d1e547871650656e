import { type LookupAddress, lookup } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { ApiError } from '../apiError.ts';
import { isPublicAddress } from './publicAddress.ts';

export interface DownloadOptions {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Which addresses may be asked. Default: those of the public internet. */
  readonly allowed?: (address: string) => boolean;
  /** Certificates to trust beside the system's, PEM. */
  readonly ca?: string;
}

/**
 * Fetches a picture over https. The address that is checked is the one that is connected to, so a name cannot change its
 * mind between; redirects are not followed. Throws ApiError; its text never tells what the other server answered.
 */
export async function download(
  url: URL,
  { maxBytes, signal, allowed = isPublicAddress, ca }: DownloadOptions,
): Promise<Uint8Array> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A host that is an address is connected to without a lookup.
  if (isIP(host) !== 0 && !allowed(host)) throw refusedAddress();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, {
      signal,
      agent: false, // a kept connection would belong to a name that was checked once
      lookup: checkedLookup(allowed),
      headers: { accept: 'image/png, image/jpeg, image/webp' },
      ...(ca === undefined ? {} : { ca }),
    })
      .on('response', resolve)
      .on('error', reject)
      .end();
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw error instanceof ApiError ? error : unreachable(error);
  });
  try {
    if (response.statusCode !== 200) throw unreachable();
    return await readBounded(response, maxBytes);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ApiError ? error : unreachable(error);
  } finally {
    response.destroy();
  }
}

async function readBounded(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a response without encoding gives bytes');
    size += chunk.length;
    if (size > maxBytes) {
      throw new ApiError(400, `the picture is larger than ${maxBytes} bytes`, { code: 'image_too_large' });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Looks a name up as usual, and fails when one of its addresses is not allowed. */
function checkedLookup(allowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      const [first] = found ?? [];
      if (error) callback(error, '', 0);
      else if (first === undefined || found.some(({ address }) => !allowed(address))) callback(refusedAddress(), '', 0);
      else if (options.all) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}

function refusedAddress(): ApiError {
  return new ApiError(400, 'the image URL leads to an address that is not on the public internet', {
    code: 'invalid_image_url',
  });
}

function unreachable(cause?: unknown): ApiError {
  const message = 'the picture could not be downloaded: its server must answer with 200 and without redirects';
  return new ApiError(400, message, { code: 'invalid_image_url' }, { cause });
}
