import { build, openExecutor } from 'casement';
import { compareRuns, recordRuns } from './compareRuns.ts';
import { openReference } from './openReference.ts';

/**
 * Compares a truncated model of full width with the reference evaluator, which takes minutes and some gigabytes:
 *
 *     npx casement random-weights 2B --layers 2 --out /tmp/2B
 *     node test/tools/runTs.mjs test/fullSize/main.ts /tmp/2B f32 /tmp/2B-f32
 */
const [checkpoint = '', dtype = 'f32', out = ''] = process.argv.slice(2);
if (dtype !== 'f32' && dtype !== 'f16') throw new Error(`give f32 or f16, not ${dtype}`);
await build({ model: checkpoint, out, targets: ['onnx', 'webgpu'], dtype });
const reference = await openReference(checkpoint, dtype);
const runs = await recordRuns(reference);
await reference.dispose();
for (const target of ['onnx', 'webgpu'] as const) {
  const executor = await openExecutor(out, target);
  for (const { run, output, ...numbers } of await compareRuns(runs, executor)) {
    console.log(target, run, output, JSON.stringify(numbers));
    if (!numbers.finite) process.exitCode = 1;
  }
  await executor.dispose();
}
