import { type GoldenScript, UserError } from 'casement';
import { tensorOf } from './decoding.ts';

/**
 * A model's `golden` where a text without a single token is undefined: throws UserError when a golden has one, and leaves all
 * outputs to the entries. A graph cannot refuse what a mask holds.
 */
export const requireWords: GoldenScript = async (_, tensors) => {
  const { shape, data } = tensorOf(tensors, 'attention_mask');
  const [texts = 0, length = 0] = shape;
  for (let b = 0; b < texts; b++) {
    if (data.subarray(b * length, (b + 1) * length).some((visible) => visible !== 0)) continue;
    throw new UserError(`text ${b} has no token: its attention_mask is 0 everywhere, and what it means is undefined`);
  }
  return {};
};
