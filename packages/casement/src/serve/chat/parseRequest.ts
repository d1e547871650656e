import type { z } from 'zod';
import { ApiError } from '../apiError.ts';
import { type ChatRequest, chatRequestSchema } from './requestSchema.ts';
import { withoutNulls } from './withoutNulls.ts';

/** Reads a parsed body. Throws ApiError, naming the first field that is wrong and what it must be. */
export function parseRequest(body: unknown): ChatRequest {
  const result = chatRequestSchema.safeParse(withoutNulls(body), { reportInput: true });
  if (result.success) return coherent(result.data);
  const [issue] = result.error.issues;
  throw issue === undefined ? new ApiError(400, 'the request is not valid') : fieldError(innermost(issue));
}

/** What no field says alone. */
function coherent(request: ChatRequest): ChatRequest {
  if (request.stream_options === undefined || request.stream) return request;
  throw new ApiError(400, 'stream_options: only with "stream": true', {
    param: 'stream_options',
    code: 'invalid_value',
  });
}

/** Of a union's branches, the problem of the one that the value came closest to. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const isOfType = ({ code }: z.core.$ZodIssue) => Number(code !== 'invalid_type');
  const [deepest] = issue.errors
    .flatMap(([first]) => (first ? [innermost(first)] : []))
    .sort((a, b) => b.path.length - a.path.length || isOfType(b) - isOfType(a));
  if (deepest === undefined || (deepest.path.length === 0 && !isOfType(deepest))) return issue;
  return { ...deepest, path: [...issue.path, ...deepest.path] };
}

function fieldError(issue: z.core.$ZodIssue): ApiError {
  const [unknown] = issue.code === 'unrecognized_keys' ? issue.keys : [];
  const param = fieldName(unknown === undefined ? issue.path : [...issue.path, unknown]);
  if (unknown !== undefined) {
    return new ApiError(400, `unknown parameter: ${param}`, { param, code: 'unknown_parameter' });
  }
  if (param === '') return new ApiError(400, 'the body must be a JSON object', { code: 'invalid_type' });
  if (issue.input === undefined) {
    return new ApiError(400, `missing parameter: ${param}`, { param, code: 'missing_required_parameter' });
  }
  return new ApiError(400, `${param}: ${wanted(issue)}`, { param, code: codeOf(issue) });
}

function wanted(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') {
    const values = issue.values.map((value) => JSON.stringify(value)).join(', ');
    return `the server supports ${issue.values.length === 1 ? 'only ' : ''}${values} here`;
  }
  if (issue.code === 'invalid_type' && issue.expected === 'never') return 'not supported by this server; leave it out';
  if (issue.code === 'invalid_union') {
    return issue.discriminator === undefined ? 'of the wrong type' : 'of a kind that the server does not support';
  }
  if (issue.code === 'too_big' && issue.maximum === 0 && issue.origin === 'array') {
    return 'not supported by this server; leave it out';
  }
  return issue.message.replace(/^Invalid input: /, '').replace(/^Too (small|big): /, '');
}

function codeOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' ? 'invalid_type' : 'invalid_value';
}

/** As in `messages[0].content`. */
function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, key) => {
    if (typeof key === 'number') return `${name}[${key}]`;
    return name === '' ? String(key) : `${name}.${String(key)}`;
  }, '');
}
