import type { Executor, HostTensor, HostTensors } from '@casement/session';
import { UserError } from '../error.ts';
import { fitInput } from './fitInput.ts';

/** A model's entries, as a golden script runs them. */
export interface GoldenRunner {
  /** Runs an entry. Inputs are given as the golden has them: integers of any width, a batch of one without its axis. */
  run(entry: string, inputs: HostTensors): Promise<Record<string, HostTensor>>;
  /** Empties all states. */
  reset(): Promise<void>;
}

/**
 * What a model file may export as `golden`: makes outputs of a golden that take more than one run of one entry (a
 * prefill and some steps), from the golden's tensors. What it returns is compared under its names; names it leaves out
 * are made by running entries.
 */
export type GoldenScript = (runner: GoldenRunner, golden: HostTensors) => Promise<HostTensors>;

/** Runs a script on an executor, whose states are empty before and after. `onRead` learns which tensors it looks at. */
export async function runScript(
  script: GoldenScript,
  executor: Executor,
  golden: HostTensors,
  onRead: (name: string) => void,
): Promise<HostTensors> {
  const watched = new Proxy(golden, {
    get(tensors, name) {
      if (typeof name !== 'string') return undefined;
      onRead(name);
      return tensors[name];
    },
  });
  await executor.reset();
  const outputs = await script(runnerOf(executor), watched);
  await executor.reset();
  return outputs;
}

function runnerOf(executor: Executor): GoldenRunner {
  return {
    run: async (entry, given) => {
      const specs = executor.signature.entries[entry]?.inputs ?? [];
      const inputs = Object.entries(given).map(([name, tensor]) => {
        const spec = specs.find((input) => input.name === name);
        if (spec === undefined) return [name, tensor]; // the executor says what is wrong
        const [fitted, ...more] = fitInput(spec, tensor, `golden: ${entry}: "${name}"`);
        if (fitted === undefined || more.length > 0) {
          throw new UserError(`golden: ${entry}: "${name}" is [${tensor.shape.join(', ')}], give one run's input`);
        }
        return [name, fitted];
      });
      return executor.run(entry, Object.fromEntries(inputs));
    },
    reset: () => executor.reset(),
  };
}
