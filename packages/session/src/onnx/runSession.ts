import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { messageOf } from './openSessions.ts';

/** Runs a model; a tensor among the fetches is where its result is put. Throws with the entry's name. */
export async function runSession(
  entry: string,
  session: InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
  fetches: Readonly<Record<string, Tensor | null>>,
): Promise<InferenceSession.OnnxValueMapType> {
  try {
    // Nothing may be wanted, but ONNX Runtime wants to fetch something.
    return await session.run(feeds, Object.keys(fetches).length > 0 ? fetches : session.outputNames);
  } catch (error) {
    throw new Error(`entry ${entry} failed in ONNX Runtime: ${messageOf(error)}`, { cause: error });
  }
}
