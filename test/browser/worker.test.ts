import { expect, it } from 'vitest';
import { openPage } from './open-page.ts';
import type { failuresOfWorkers } from './worker.ts';

it('tells why a worker does not answer', async () => {
  const browser = await openPage();
  try {
    const told = await browser.run<typeof failuresOfWorkers>(
      new URL('./worker.ts', import.meta.url),
      'failuresOfWorkers',
    );
    expect(told).toMatchInlineSnapshot(`
      {
        "breaks at once": "WorkerError worker-lost: the worker did not start: Uncaught ReferenceError: nothing is not defined; make another worker",
        "echo": "hello",
        "ended": "WorkerError worker-lost: the worker was terminated; make another worker",
        "not there": "WorkerError worker-lost: the worker did not start; is its script there, and may this page load it?; make another worker",
        "throws meanwhile": "WorkerError worker-error: the worker threw what nobody caught: Uncaught Error: in a timer",
        "unclonable argument": "WorkerError unclonable: what "echo" is called with cannot be sent: Failed to execute 'postMessage' on 'Worker': () => 1 could not be cloned.; send plain data, arrays and buffers",
        "unclonable result": "WorkerError unclonable: what the worker's "give" gives cannot be sent: Failed to execute 'postMessage' on 'DedicatedWorkerGlobalScope': () => 1 could not be cloned.; send plain data, arrays and buffers",
      }
    `);
  } finally {
    await browser.close();
  }
});
