import { fetchSource, type HostTensors, loadBundle } from '@casement/runtime';

/** Calls of a model, in order: an entry and its inputs. */
export type Calls = readonly (readonly [entry: string, inputs: HostTensors])[];

/** Outputs of each call, element by element. */
export type Answers = readonly Readonly<Record<string, readonly number[]>>[];

/** Loads a bundle from a folder's address onto a device of its own and calls it. Runs in a page, a worker and Node. */
export async function converse(gpu: GPU, folder: string, calls: Calls): Promise<Answers> {
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error('no WebGPU adapter');
  const model = await loadBundle({ source: fetchSource(folder), adapter });
  const answers: Record<string, number[]>[] = [];
  for (const [entry, inputs] of calls) {
    const outputs = await model.run(entry, inputs);
    answers.push(Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data)])));
  }
  await model.dispose();
  return answers;
}

/** {@link converse} in the page that this runs in. */
export function converseInPage(folder: string, calls: Calls): Promise<Answers> {
  return converse(navigator.gpu, folder, calls);
}

/** {@link converse} in a worker of the page that this runs in; `worker` is the address of converseWorker.ts. */
export function converseInWorker(worker: string, folder: string, calls: Calls): Promise<Answers> {
  const thread = new Worker(worker, { type: 'module' });
  return new Promise<Answers>((resolve, reject) => {
    thread.onmessage = ({ data }: MessageEvent<{ answers?: Answers; error?: string }>) => {
      if (data.answers) resolve(data.answers);
      else reject(new Error(data.error));
    };
    thread.onerror = ({ message }) => reject(new Error(message));
    thread.postMessage({ folder, calls });
  }).finally(() => thread.terminate());
}
