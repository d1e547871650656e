export { type CallOptions, connect, type Remote, WorkerError } from './connect.ts';
export type { Handler, Handlers, Port } from './protocol.ts';
export { serve } from './serve.ts';
