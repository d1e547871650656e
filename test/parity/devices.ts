import { withSwiftShader } from '../../packages/session/src/webgpu/node/swiftshader.ts';

/** Dawn's objects must outlive their devices. */
const kept: GPU[] = [];

/**
 * A device on SwiftShader with subgroups, on which memory that workgroups share begins as garbage: SwiftShader compiles
 * the zeros as one store per word, three seconds for each kernel. No kernel may count on zeros.
 */
export async function softwareDevice(): Promise<GPUDevice> {
  const { create } = await import('webgpu');
  const gpu = await withSwiftShader(async () => {
    const made = create(['backend=vulkan', 'enable-dawn-features=disable_workgroup_init']);
    await made.requestAdapter();
    return made;
  });
  kept.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('SwiftShader gives no adapter');
  return adapter.requestDevice({ requiredFeatures: ['subgroups'] });
}
