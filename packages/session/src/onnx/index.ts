export { onnxExecutor } from './executor.ts';
export type { SessionOptions as OnnxExecutorOptions } from './openSessions.ts';
