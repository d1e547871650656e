import type { Executor } from '@casement/session';
import { referenceExecutor } from '@casement/session/reference';
import { openCheckpoint } from '@casement/weights';
import { loadModel } from 'casement';
import { loadParams } from '../../packages/casement/src/load/loadParams.ts';

/** The reference evaluator of a checkpoint folder, with all of its weights in memory. */
export async function openReference(checkpoint: string, dtype: 'f32' | 'f16'): Promise<Executor> {
  const { definition } = await loadModel(checkpoint);
  const program = definition.build({ dtype });
  const source = await openCheckpoint(checkpoint);
  const params = await loadParams(program, source, {}).finally(() => source.close());
  return referenceExecutor(program, {
    param: (name) => {
      const tensor = params.get(name);
      if (tensor === undefined) throw new RangeError(`${checkpoint} has no "${name}"`); // loadParams has checked
      return tensor;
    },
  });
}
