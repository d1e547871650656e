import { InputError, SettingsError } from '@casement/session';
import { ImageError } from '@casement/session/image';
import { TextError } from '@casement/session/text';
import { UserError } from '../error.ts';
import { PromptTooLong } from '../model/checkRoom.ts';
import { ApiError } from './apiError.ts';

/**
 * What a client is told of an error: everything of those whose texts are written for the person who made the mistake,
 * nothing of others, which may hold paths or the content of other requests.
 */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof PromptTooLong) return refusal(error, 'context_length_exceeded', 'messages');
  if (error instanceof ImageError) return refusal(error, 'invalid_image', 'messages');
  if (error instanceof SettingsError) return refusal(error, 'invalid_value');
  if (error instanceof TextError || error instanceof InputError || error instanceof UserError) {
    return refusal(error, 'invalid_value', 'messages');
  }
  return new ApiError(500, 'the server failed; its log says why', { code: 'internal_error' }, { cause: error });
}

function refusal(cause: Error, code: string, param?: string): ApiError {
  return new ApiError(400, cause.message, { code, ...(param ? { param } : {}) }, { cause });
}
