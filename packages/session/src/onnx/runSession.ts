import type { Tensor } from 'onnxruntime-node';
import { messageOf } from './openSessions.ts';
import type { RuntimeSession } from './runtimeSession.ts';

/** Runs a model; a tensor among the fetches is where its result is put. Throws with the entry's name. */
export async function runSession(
  entry: string,
  session: RuntimeSession,
  feeds: Readonly<Record<string, Tensor>>,
  fetches: Readonly<Record<string, Tensor | null>>,
): Promise<Readonly<Record<string, Tensor>>> {
  try {
    // Nothing may be wanted, but ONNX Runtime wants to fetch something.
    const all = () => Object.fromEntries(session.outputNames.map((name) => [name, null]));
    return await session.run(feeds, Object.keys(fetches).length > 0 ? fetches : all());
  } catch (error) {
    throw new Error(`entry ${entry} failed in ONNX Runtime: ${messageOf(error)}`, { cause: error });
  }
}
