import { type ApiError, errorBody } from '../apiError.ts';

/**
 * Server-sent events of objects, as OpenAI's API streams them: an object a line, an error as the last of them, then
 * `[DONE]`. Objects are made as fast as the client takes them; a client that takes none does not outlast the signal, and
 * one that leaves ends the generator. `tell` says what the client is told of an error.
 */
export function eventStream(
  first: object,
  rest: AsyncGenerator<object>,
  signal: AbortSignal,
  tell: (error: unknown) => ApiError,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const event = (data: string) => encoder.encode(`data: ${data}\n\n`);
  const problem = (error: unknown) => event(JSON.stringify(errorBody(tell(error))));
  let pulling = false;
  let left = false;
  let stop = () => {};
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(event(JSON.stringify(first)));
      const abort = () => {
        if (pulling) return; // then the generator throws
        void rest.return(undefined).catch(tell);
        controller.enqueue(problem(signal.reason));
        controller.close();
      };
      signal.addEventListener('abort', abort, { once: true });
      stop = () => signal.removeEventListener('abort', abort);
    },
    async pull(controller) {
      pulling = true;
      try {
        const { done, value } = await rest.next();
        if (left) return; // and closed the stream
        controller.enqueue(event(done ? '[DONE]' : JSON.stringify(value)));
        if (!done) return;
      } catch (error) {
        if (left) tell(error);
        else controller.enqueue(problem(error));
      } finally {
        pulling = false;
      }
      stop();
      if (!left) controller.close();
    },
    async cancel() {
      left = true;
      stop();
      await rest.return(undefined).catch(tell); // nobody is there to be told, but the log is
    },
  });
}
