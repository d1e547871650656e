import { isFloat } from '@casement/ir';
import type { HostTensor, HostTensors } from '@casement/session';
import { decodeFloats, openSafetensors, type SafetensorsFile } from '@casement/weights';
import { UserError } from '../error.ts';

/** What a golden's tensors are to the model that it was computed with. */
export interface GoldenRoles {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly intermediates: readonly string[];
}

/** All tensors of a golden; floats are f32. */
export interface GoldenTensors {
  readonly file: string;
  readonly tensors: HostTensors;
  /** From the file's metadata `roles`; undefined when it has none. */
  readonly roles: GoldenRoles | undefined;
}

/** Reads every tensor of a golden. Throws WeightError, or UserError when its `roles` are wrong. */
export async function readGoldenTensors(path: string): Promise<GoldenTensors> {
  const file = await openSafetensors(path);
  try {
    const tensors: Record<string, HostTensor> = {};
    for (const name of file.names()) tensors[name] = await readAny(file, name);
    return { file: path, tensors, roles: rolesOf(file) };
  } finally {
    await file.close();
  }
}

async function readAny(file: SafetensorsFile, name: string): Promise<HostTensor> {
  const { dtype, shape } = file.info(name);
  const bytes = await file.read(name);
  if (isFloat(dtype)) return { dtype: 'f32', shape, data: decodeFloats(bytes, dtype) };
  if (dtype === 'i32') return { dtype, shape, data: new Int32Array(bytes.buffer) };
  if (dtype === 'i64') return { dtype, shape, data: Float64Array.from(new BigInt64Array(bytes.buffer), Number) };
  return { dtype, shape, data: bytes };
}

function rolesOf(file: SafetensorsFile): GoldenRoles | undefined {
  const text = file.metadata.get('roles');
  if (text === undefined) return undefined;
  const fail = (problem: string) =>
    new UserError(
      `${file.origin}: the metadata "roles" ${problem}; it must be JSON such as ` +
        '{"inputs": ["input_ids"], "outputs": ["logits"], "intermediates": []}',
    );
  let roles: unknown;
  try {
    roles = JSON.parse(text);
  } catch {
    throw fail('is no JSON');
  }
  if (typeof roles !== 'object' || roles === null) throw fail('is no object');
  const known = new Set(file.names());
  const list = (role: string): readonly string[] => {
    const names: unknown = new Map(Object.entries(roles)).get(role) ?? [];
    if (!Array.isArray(names)) throw fail(`has no list of ${role}`);
    return names.map((name: unknown) => {
      if (typeof name === 'string' && known.has(name)) return name;
      throw fail(`names ${JSON.stringify(name)} among its ${role}, which the file does not hold`);
    });
  };
  return { inputs: list('inputs'), outputs: list('outputs'), intermediates: list('intermediates') };
}
