import { InferenceSession, type Tensor } from 'onnxruntime-node';
import type { RuntimeSession } from './runtimeSession.ts';

/** A model in ONNX Runtime, through `onnxruntime-node`: for providers other than the CPU, and models in memory. */
export async function openNodeSession(
  model: string | Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<RuntimeSession> {
  const session =
    typeof model === 'string'
      ? await InferenceSession.create(model, options)
      : await InferenceSession.create(model, options);
  return {
    inputMetadata: session.inputMetadata.map((input) => {
      return { name: input.name, isTensor: input.isTensor, type: input.isTensor ? input.type : '' };
    }),
    outputNames: session.outputNames,
    async run(feeds, fetches): Promise<Record<string, Tensor>> {
      return { ...(await session.run(feeds, fetches)) };
    },
    release: () => session.release(),
  };
}
