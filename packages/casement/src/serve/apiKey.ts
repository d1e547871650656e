import { createHash, timingSafeEqual } from 'node:crypto';

/** Tells whether a key is the right one, in a time that says nothing about how much of it is right. */
export function keyChecker(apiKey: string): (given: string) => boolean {
  const digest = (key: string) => createHash('sha256').update(key).digest();
  const right = digest(apiKey);
  return (given) => timingSafeEqual(digest(given), right);
}

/** The key of an `Authorization: Bearer` header; empty when there is none. */
export function bearerKey(header: string | undefined): string {
  return /^Bearer +(.+)$/i.exec(header ?? '')?.[1] ?? '';
}
