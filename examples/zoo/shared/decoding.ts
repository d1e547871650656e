import { joinAlong, sliceAlong } from 'casement';

/** A tensor of a golden. */
export type HostTensor = Parameters<typeof sliceAlong>[0];

/** Runs a model on the tokens that follow what its caches hold: their ids and their first position → their logits. */
export type Feed = (ids: HostTensor, position: number) => Promise<HostTensor>;

/** A tensor of a golden or of an entry's outputs. Throws when there is none of that name. */
export function tensorOf(tensors: Readonly<Record<string, HostTensor>>, name: string): HostTensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new Error(`there is no "${name}"`);
  return tensor;
}

/** Sample b of a golden's tensors, as batches of one. */
export function sampleOf(golden: Readonly<Record<string, HostTensor>>, b: number) {
  return (name: string): HostTensor => sliceAlong(tensorOf(golden, name), 0, b, b + 1);
}

/** Runs `decode` for each sample of a batch and joins what it gives along the batch. */
export async function forEachSample<K extends string>(
  batch: number,
  decode: (b: number) => Promise<Readonly<Record<K, HostTensor>>>,
): Promise<Record<K, HostTensor>> {
  const joined = await decode(0);
  const all: Record<K, HostTensor> = { ...joined };
  for (let b = 1; b < batch; b++) {
    const more = await decode(b);
    for (const name in all) all[name] = joinAlong([all[name], more[name]], 0);
  }
  return all;
}

/** The likeliest `count` tokens after `logits` [1 seq vocab], whose last row is of `position` − 1: i32[1 count]. */
export async function continueTokens(
  feed: Feed,
  logits: HostTensor,
  position: number,
  count: number,
): Promise<HostTensor> {
  const picked: number[] = [];
  for (let last = logits; picked.length < count; ) {
    picked.push(likeliest(last));
    if (picked.length < count) last = await feed(idsOf(picked.slice(-1)), position + picked.length - 1);
  }
  return idsOf(picked);
}

/** `count` positions from `start` on: i32[1 count]. */
export function positionsFrom(start: number, count: number): HostTensor {
  return idsOf(Array.from({ length: count }, (_, i) => start + i));
}

function idsOf(ids: readonly number[]): HostTensor {
  return { dtype: 'i32', shape: [1, ids.length], data: Int32Array.from(ids) };
}

/** The likeliest token after the last row. */
function likeliest({ shape, data }: HostTensor): number {
  const row = Array.from(data.slice(-(shape.at(-1) ?? 0)));
  return row.indexOf(Math.max(...row));
}
