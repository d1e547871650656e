import { createHash, timingSafeEqual } from 'node:crypto';
import { UserError } from '../error.ts';

/**
 * Tells whether a key is the right one, in a time that says nothing about how much of it is right. Throws UserError for
 * an empty key, which is a variable that was not set: whoever gives none would have the right one.
 */
export function keyChecker(apiKey: string): (given: string) => boolean {
  if (apiKey === '') throw new UserError('the API key is empty; give one, or none at all to let everyone ask');
  const digest = (key: string) => createHash('sha256').update(key).digest();
  const right = digest(apiKey);
  return (given) => timingSafeEqual(digest(given), right);
}

/** The key of an `Authorization: Bearer` header; empty when there is none. */
export function bearerKey(header: string | undefined): string {
  return /^Bearer +(.+)$/i.exec(header ?? '')?.[1] ?? '';
}
