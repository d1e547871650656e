import { type GoldenScript, knockout, type ModelDefinition, patch, sliceAlong, stackTensors } from 'casement';
import { tensorOf } from '../shared/decoding.ts';
import chameleon from './chameleon.ts';

/**
 * The experiments of "The Narrow Gate" (arXiv 2412.06646) on Chameleon as it is: which paths from image to text matter?
 *
 * - `knockout`: in blocks with layers = 1, rows with rows = 1 do not see columns with columns = 1;
 * - `patch`: before block `layers`, the rows at `position` are replaced by `vectors` [1 rows hidden].
 */
export default (config: unknown): ModelDefinition => {
  const plain = chameleon(config);
  return {
    ...plain,
    build: (options) => {
      const cut = { entry: 'forward', as: 'knockout', at: 'model.layers.*.self_attn' };
      const replaced = { entry: 'forward', as: 'patch', at: { before: 'model.layers.*' } };
      const inputs = { site: 'layers', rows: 'position', values: 'vectors' };
      return patch(knockout(plain.build(options), cut), { ...replaced, inputs });
    },
  };
};

/** The patching experiment of a golden: each of `layers` gets, at `position`, what another image has there. */
export const golden: GoldenScript = async ({ run }, given) => {
  if (given.target_pixel_values === undefined) return {}; // the other goldens take runs of one entry
  const at = (name: string) => tensorOf(given, name);
  const text = { input_ids: at('input_ids') };
  const target = await run('forward', { ...text, pixel_values: given.target_pixel_values });
  const states = tensorOf(target, 'hidden_states');
  const place = Number(at('position').data[0]);

  const experiments = Array.from(at('layers').data, async (layer, i) => {
    const one = (name: string) => sliceAlong(at(name), 0, i, i + 1);
    const patched = await run('patch', {
      ...text,
      pixel_values: at('pixel_values'),
      layers: one('layers'),
      position: at('position'),
      vectors: one('vectors'),
    });
    const vector = sliceAlong(sliceAlong(states, 0, layer, layer + 1), 2, place, place + 1);
    return { ...patched, vectors: vector };
  });
  const [first, ...others] = await Promise.all(experiments);
  if (first === undefined) return {};
  const all = (name: string) => stackTensors([tensorOf(first, name), ...others.map((one) => tensorOf(one, name))]);
  return {
    target_codes: tensorOf(target, 'codes'),
    vectors: all('vectors'),
    token_ids: tensorOf(first, 'token_ids'),
    logits: all('logits'),
    next_token: all('next_token'),
  };
};
