import { argmax, type HostTensor, type HostTensors, type ModelSignature } from '@casement/session';
import { UserError } from '../error.ts';
import { joinAlong, sliceAlong } from '../tensorAxes.ts';

/**
 * The likeliest continuation of `input_ids` [… seq] by `count` tokens, [… count], by running the whole pass anew for
 * each: every row of a batch goes its own way. An input that shares the dim of the ids (a mask) is continued by its last
 * element. Throws UserError when the ids have a fixed length.
 */
export async function continueGreedily(
  run: (inputs: HostTensors) => Promise<HostTensors>,
  inputs: HostTensors,
  specs: ModelSignature['entries'][string]['inputs'],
  count: number,
): Promise<HostTensor> {
  const seq = specs.find(({ name }) => name === 'input_ids')?.shape.at(-1);
  if (typeof seq !== 'string') {
    throw new UserError('"greedy" continues "input_ids", but their length is fixed; let their last dim be upTo(…)');
  }
  let current = inputs;
  const picked: HostTensor[] = [];
  for (let i = 0; i < count; i++) {
    const { logits } = await run(current);
    if (logits === undefined) throw new UserError('"greedy" is the likeliest continuation by "logits"; there are none');
    const next = likeliest(logits);
    picked.push(next);
    const extended = specs.map(({ name, shape }): [string, HostTensor] => {
      const tensor = current[name] as HostTensor; // the entry could run
      if (name === 'input_ids') return [name, append(tensor, { ...next, dtype: tensor.dtype })];
      if (name === 'logits_to_keep') return [name, placeAfter(tensor)];
      return [name, shape.reduce<HostTensor>((x, size, axis) => (size === seq ? repeatLast(x, axis) : x), tensor)];
    });
    current = Object.fromEntries(extended);
  }
  const [first, ...rest] = picked;
  if (first === undefined) return { dtype: 'i32', shape: [0], data: new Int32Array() };
  return joinAlong([first, ...rest], first.shape.length - 1);
}

/** Of logits [… seq vocab], the likeliest after the last row: i32[… 1]. */
function likeliest({ shape, data }: HostTensor): HostTensor {
  const [rows = 0, vocab = 0] = shape.slice(-2);
  const lead = shape.slice(0, -2);
  const batch = lead.reduce((product, size) => product * size, 1);
  const ids = Array.from({ length: batch }, (_, b) => argmax(data, ((b + 1) * rows - 1) * vocab, vocab));
  return { dtype: 'i32', shape: [...lead, 1], data: Int32Array.from(ids) };
}

function append(ids: HostTensor, next: HostTensor): HostTensor {
  return joinAlong([ids, next], ids.shape.length - 1);
}

/** Of places whose last one is that of the last id: the one after it. */
function placeAfter({ dtype, data }: HostTensor): HostTensor {
  return { dtype, shape: [1], data: Int32Array.of((data.at(-1) ?? -1) + 1) };
}

function repeatLast(tensor: HostTensor, axis: number): HostTensor {
  const size = tensor.shape[axis] ?? 0;
  return joinAlong([tensor, sliceAlong(tensor, axis, size - 1, size)], axis);
}
