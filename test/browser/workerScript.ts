import { type Port, serve } from '@casement/session/worker';

/** What the worker of `worker.ts` offers. */
export const handlers = {
  echo: async (argument: unknown) => argument,
  give: async (_: number) => () => 1,
  wait: (_: number) => new Promise<void>(() => {}),
  throwLater: (_: number) => {
    setTimeout(() => {
      throw new Error('in a timer');
    });
    return new Promise<void>(() => {});
  },
};

// A worker's scope; types know only windows.
serve(handlers, self as unknown as Port);
