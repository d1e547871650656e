import { drawTensor, type HostTensor, makeTensor, type Program, seededRandom, seedOf } from '@casement/ir';

/** Weights for every param of a program; they depend on names and shapes alone, and are rounded to the dtype. */
export function drawParams(program: Program): ReadonlyMap<string, HostTensor> {
  const tensors = [...program.params.values()].map(({ name, type }) => {
    const shape = type.shape.map(Number);
    const isNorm = name.includes('norm');
    const { data } = drawTensor('f32', shape, isNorm ? 'positive' : 'normal', seededRandom(seedOf(name)));
    // Scaled so that activations stay near 1 from layer to layer; biases are small.
    const scale = isNorm ? 1 : shape.length === 1 ? 0.1 : (shape.at(-1) ?? 1) ** -0.5;
    return [name, makeTensor(type.dtype, shape, (i) => scale * (data[i] ?? 0))] as const;
  });
  return new Map(tensors);
}
