export { acquireNodeGpu, type NodeAdapterKind, type NodeGpuOptions } from './acquire-node-gpu.ts';
