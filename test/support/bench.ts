import type { HostTensor, Program } from '@casement/ir';
import { loweredWhole as loweredWholeByOnnx } from '@casement/onnx';
import { memorySource } from '@casement/runtime';
import type { Executor } from '@casement/session';
import { programSignature, referenceExecutor } from '@casement/session/reference';
import { webgpuExecutor } from '@casement/session/webgpu';
import { loweredWhole as loweredWholeByWebGpu, lowerToWebGpu } from '@casement/webgpu';
import { softwareDevice } from '../../packages/webgpu/test/dawn.ts';
import { packWeights } from '../../packages/webgpu/test/weights.ts';
import { compileOnce } from './compileOnce.ts';
import { openInRuntime } from './onnx.ts';

/** What runs a program: the executors, ONNX Runtime with either profile. */
export const TARGETS = ['reference', 'ort', 'onnx', 'webgpu'] as const;
export type Target = (typeof TARGETS)[number];

/** Opens programs on every target, in memory. */
export interface Bench {
  /** The program must hold no composite op that the target does not lower whole; see {@link lowersWhole}. */
  open(target: Target, program: Program, params: ReadonlyMap<string, HostTensor>): Promise<Executor>;
  /** Frees the GPU. Executors must be disposed of before. */
  close(): void;
}

/** One GPU serves all programs: taking it costs more than most of them. Default: the software adapter's. */
export async function openBench(given?: GPUDevice): Promise<Bench> {
  const device = compileOnce(given ?? (await softwareDevice()));
  return {
    async open(target, program, params) {
      if (target === 'reference') return referenceExecutor(program, { param: (name) => required(params, name) });
      if (target !== 'webgpu') return openInRuntime(program, target, params);
      const { file, locations } = packWeights('model.safetensors', params);
      const { files } = lowerToWebGpu(program, { weights: locations });
      const source = memorySource(new Map([...files, ['model.safetensors', file]]));
      return webgpuExecutor({ signature: programSignature(program), source, device });
    },
    close: () => device.destroy(),
  };
}

/** Whether a target takes a composite op as it is. */
export function lowersWhole(target: Target, op: string): boolean {
  if (target === 'reference') return true;
  return (target === 'webgpu' ? loweredWholeByWebGpu : loweredWholeByOnnx(target)).has(op);
}

function required(params: ReadonlyMap<string, HostTensor>, name: string): HostTensor {
  const tensor = params.get(name);
  if (tensor === undefined) throw new RangeError(`no param "${name}"`);
  return tensor;
}
