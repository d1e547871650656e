import { type Port, serve } from '@casement/session/worker';
import { type Opened, openCaptioner } from './captioner.ts';
import type { Handlers } from './messages.ts';

let open: (Opened & { readonly address: string }) | undefined;

async function close(): Promise<void> {
  const before = open;
  open = undefined;
  await before?.dispose();
}

async function reset(): Promise<void> {
  try {
    await open?.reset();
  } catch (error) {
    await close(); // as in `caption`
    throw error;
  }
}

/** What the page may ask of the worker. The page asks for one thing after the other. */
const handlers: Handlers = {
  async *open(address, signal) {
    if (open?.address === address) {
      await reset();
      yield { kind: 'ready', facts: open.facts };
      return;
    }
    await close();
    const steps = openCaptioner(address, signal);
    for (let step = await steps.next(); ; step = await steps.next()) {
      if (step.done) {
        open = { ...step.value, address };
        yield { kind: 'ready', facts: open.facts };
        return;
      }
      yield { kind: 'progress', progress: step.value };
    }
  },
  async *caption(frame) {
    if (open === undefined) throw new Error('no model is loaded');
    try {
      yield* open.caption(frame);
    } catch (error) {
      await close(); // perhaps the GPU is gone; to open it again loads everything again
      throw error;
    }
  },
  reset,
  close,
};

// A worker's scope; the page's types know only windows.
serve(handlers, self as unknown as Port);
