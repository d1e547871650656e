import type { HostTensor, Program } from '@casement/ir';
import { exposeValues } from '../../packages/casement/src/verify/exposeValues.ts';
import { type Drive, findDeparture } from '../../packages/casement/src/verify/findDeparture.ts';
import { type Bench, TARGETS } from '../support/bench.ts';
import { compiledFor } from '../support/compiledFor.ts';

/** Drives each target and the reference alike, and names the first value that departs. */
export async function explainDeparture(
  bench: Bench,
  { program, params }: { readonly program: Program; readonly params: ReadonlyMap<string, HostTensor> },
  drive: Drive,
  tolerance: number,
): Promise<string> {
  for (const target of TARGETS) {
    const exposed = exposeValues(compiledFor(target, program));
    const executors = {
      reference: await bench.open('reference', exposed, params),
      target: await bench.open(target, exposed, params),
    };
    const found = await findDeparture(exposed, executors, drive, tolerance);
    await Promise.all([executors.reference.dispose(), executors.target.dispose()]);
    if (!found) continue;
    const { entry, run, node, scope, maxAbsolute } = found;
    const where = scope ? `, in ${scope},` : '';
    return `${target} departs first in run ${run} of ${entry}${where} by ${maxAbsolute} at\n  ${node}`;
  }
  return 'No value departs when all are outputs: look at the passes, and at what shares memory or is fused.';
}
