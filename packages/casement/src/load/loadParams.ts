import { type HostTensor, isFloat, makeTensor, type Program } from '@casement/ir';
import { decodeFloats, type RenameTable, requireComplete, type TensorSource } from '@casement/weights';
import { matchCheckpoint } from './matchCheckpoint.ts';

/** All params of a program in memory, in the program's dtypes: what the reference needs. Throws WeightError. */
export async function loadParams(
  program: Program,
  source: TensorSource,
  {
    rename,
    allowExtra = false,
  }: { readonly rename?: RenameTable | undefined; readonly allowExtra?: boolean | undefined },
): Promise<ReadonlyMap<string, HostTensor>> {
  const report = await matchCheckpoint(program, source, rename);
  requireComplete(report, { allowLeftOver: allowExtra });
  const params = new Map<string, HostTensor>();
  for (const { name, tensor } of report.matched) {
    const dtype = program.params.get(name)?.type.dtype ?? tensor.dtype;
    if (!isFloat(tensor.dtype)) throw new Error(`param "${name}" is ${tensor.dtype}; only float weights can be loaded`);
    const data = decodeFloats(await source.read(tensor.name), tensor.dtype);
    params.set(
      name,
      makeTensor(dtype, tensor.shape, (i) => data[i] ?? 0),
    );
  }
  return params;
}
