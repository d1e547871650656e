export { type CallOptions, connect, type Remote } from './connect.ts';
export type { Handler, Handlers, Port } from './protocol.ts';
export { serve } from './serve.ts';
export { WorkerError } from './workerError.ts';
