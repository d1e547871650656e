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
