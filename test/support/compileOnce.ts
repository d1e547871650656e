/**
 * Makes a device compile equal kernels once. Compiling takes most of the time of a small program, and small programs
 * share kernels: comments, which name values, do not make two of them different.
 */
export function compileOnce(device: GPUDevice): GPUDevice {
  const modules = new Map<string, GPUShaderModule>();
  const pipelines = new Map<GPUProgrammableStage['module'], Promise<GPUComputePipeline>>();
  const createShaderModule = device.createShaderModule.bind(device);
  const createComputePipeline = device.createComputePipelineAsync.bind(device);
  device.createShaderModule = (descriptor) => {
    const key = descriptor.code.replace(/\/\/.*/g, '');
    const module = modules.get(key) ?? createShaderModule(descriptor);
    modules.set(key, module);
    return module;
  };
  device.createComputePipelineAsync = (descriptor) => {
    const { module } = descriptor.compute;
    const pipeline = pipelines.get(module) ?? createComputePipeline(descriptor);
    pipelines.set(module, pipeline);
    return pipeline;
  };
  return device;
}
