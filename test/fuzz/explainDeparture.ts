import type { HostTensor } from '@casement/ir';
import { exposeValues } from '../../packages/casement/src/verify/exposeValues.ts';
import { firstDeparture } from '../../packages/casement/src/verify/findDeparture.ts';
import type { Bench, Target } from '../support/bench.ts';
import { largestDifference, type ProgramCase, runCase } from '../support/programCase.ts';
import { compiledFor, toleranceOf } from './findDisagreement.ts';

/** Why a target answers a case wrongly: passes that changed what it means, or the first value that departs. */
export async function explainDeparture(bench: Bench, target: Target, made: ProgramCase): Promise<string> {
  const tolerance = toleranceOf(made.program);
  const program = compiledFor(target, made.program);
  if (largestDifference(runCase({ ...made, program }), runCase(made)) > tolerance) {
    return 'The passes changed the program: the reference computes something else from what they made of it.';
  }
  const exposed = exposeValues(program);
  const reference = await bench.open('reference', exposed, made.params);
  const executor = await bench.open(target, exposed, made.params);
  try {
    for (const [turn, { entry, inputs }] of made.calls.entries()) {
      const graph = exposed.entries.get(entry);
      if (!graph) throw new Error(`the case calls ${entry}, which it does not have`);
      const given: Record<string, HostTensor> = Object.fromEntries(inputs);
      const expected = await reference.run(entry, given);
      const actual = await executor.run(entry, given);
      const found = firstDeparture(graph, expected, actual, tolerance);
      if (!found) continue;
      const name = graph.outputs.find(({ value }) => value.name === found.value)?.name ?? '';
      return [
        `Call ${turn}, of ${entry}, departs first at`,
        `  ${found.node}`,
        `  gives    ${printNumbers(actual[name])}`,
        `  expected ${printNumbers(expected[name])}`,
      ].join('\n');
    }
    return 'No value departs when all are outputs: look at what shares memory or is fused.';
  } finally {
    await reference.dispose();
    await executor.dispose();
  }
}

function printNumbers(tensor: HostTensor | undefined): string {
  if (!tensor) return 'nothing';
  const shown = Array.from(tensor.data.subarray(0, 24), (value) => String(Number(value.toPrecision(6))));
  return `[${tensor.shape.join(' ')}] ${shown.join(' ')}${tensor.data.length > shown.length ? ' …' : ''}`;
}
