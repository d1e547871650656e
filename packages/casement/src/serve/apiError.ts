import type { ContentfulStatusCode } from 'hono/utils/http-status';

export interface ApiErrorDetails {
  /** OpenAI's name for the kind of problem, for programs. */
  readonly code?: string;
  /** The field of the request that has it. */
  readonly param?: string;
  readonly retryAfterSeconds?: number;
}

/** A problem that the client is told. Its text never repeats what the client sent as content. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: ContentfulStatusCode,
    message: string,
    readonly details: ApiErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The body that OpenAI's clients expect. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: 'invalid_request_error' | 'rate_limit_error' | 'server_error';
    readonly param: string | null;
    readonly code: string | null;
  };
}

export function errorBody({ status, message, details: { param, code } }: ApiError): ErrorBody {
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error';
  return { error: { message, type, param: param ?? null, code: code ?? null } };
}

/** Nobody reads it; the log does. */
export function clientLeft(): ApiError {
  return new ApiError(400, 'the client left', { code: 'client_left' });
}

/** Says how a server on this machine alone is asked by another name; see `hostChecker`. */
export function unknownHost(): ApiError {
  const message =
    'the server is not known by this name: ask localhost, set an API key, or give --allow-origin with the name';
  return new ApiError(403, message, { code: 'invalid_host' });
}
