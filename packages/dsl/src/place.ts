import { fileURLToPath } from 'node:url';
import type { Place } from '@casement/ir';

/** A function of the DSL that users call. */
export type Callee = (...args: never[]) => unknown;

/**
 * Where `callee` was called from: the line and column at which the call begins. Undefined where the engine does not tell.
 * Source maps count, as far as `Error.prepareStackTrace` or Node's `--enable-source-maps` applies them.
 */
export function callerOf(callee: Callee): Place | undefined {
  const holder: { stack?: unknown } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(holder, callee);
  Error.stackTraceLimit = limit;
  return typeof holder.stack === 'string' ? parseFrame(holder.stack) : undefined;
}

/** Reads the first frame of a stack: `at name (file:line:column)` or `at file:line:column`. */
export function parseFrame(stack: string): Place | undefined {
  const frame = /^\s*at (.*)$/m.exec(stack)?.[1] ?? '';
  const [, named, bare] = /^(?:.*? \((.*)\)|(?:async )?(.*))$/.exec(frame) ?? [];
  const [, path, line, column] = /^(.+):(\d+):(\d+)$/.exec(named ?? bare ?? '') ?? [];
  if (path === undefined) return undefined;
  const file = path.startsWith('file:') ? fileURLToPath(path.replace(/\?.*$/, '')) : path;
  return { file, line: Number(line), column: Number(column) };
}
