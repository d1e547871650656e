import { connect, type Port } from '@casement/session/worker';
import type { handlers } from './workerScript.ts';

/** What a call that cannot succeed says, by what was done to the worker. */
export async function failuresOfWorkers(): Promise<Record<string, string>> {
  const address = new URL('./workerScript.ts', import.meta.url);
  const start = (url: URL | string = address) => new Worker(url, { type: 'module' });
  const broken = URL.createObjectURL(new Blob(['nothing();'], { type: 'text/javascript' }));
  const told: Record<string, string> = {};
  const fail = async (how: string, worker: Worker, act: (remote: ReturnType<typeof connected>) => Promise<unknown>) => {
    const error = await act(connected(worker)).then(
      () => ({ name: 'none', code: '', message: '' }),
      (thrown: Error & { code?: string }) => thrown,
    );
    told[how] = `${error.name} ${error.code}: ${error.message}`;
    worker.terminate();
  };
  const connected = (worker: Worker) => connect<typeof handlers>(worker satisfies Port);
  await fail('not there', start(new URL('./notThere.js', import.meta.url)), (remote) => remote.call('wait', 1));
  await fail('breaks at once', start(broken), (remote) => remote.call('wait', 1));
  await fail('throws meanwhile', start(), async (remote) => {
    await remote.call('echo', 1);
    await remote.call('throwLater', 1);
  });
  const ended = start();
  await fail('ended', ended, async (remote) => {
    await remote.call('echo', 1);
    const waiting = remote.call('wait', 1);
    ended.terminate();
    await waiting;
  });
  await fail('unclonable argument', start(), (remote) => remote.call('echo', () => 1));
  await fail('unclonable result', start(), (remote) => remote.call('give', 1));
  const remote = connected(start());
  told.echo = String(await remote.call('echo', 'hello'));
  return told;
}
