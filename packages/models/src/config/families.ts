import { distance } from 'fastest-levenshtein';
import type { BiasConfig, RopeConfig } from '../decoderConfig.ts';
import { ConfigError } from './configError.ts';

/** What the `model_type` of a model with a fusion starts with. */
export const CASA = /^casa_/;

/** In what backbones differ that their config.json does not say, and transformers' defaults of what it may leave out. */
export interface Family {
  readonly eps: number;
  readonly theta: number;
  readonly layout: RopeConfig['layout'];
  readonly scaleInF32: boolean;
  /** Positions on three axes. */
  readonly mrope: boolean;
  /** Images come as pixels, so the config describes an encoder; and they are inserted into the text if it has no fusion. */
  readonly seesPixels: boolean;
  /** Which linear layers are biased. */
  bias(attention: boolean, mlp: boolean): BiasConfig;
}

const families: ReadonlyMap<string, Family> = new Map(
  Object.entries<Family>({
    llama: {
      eps: 1e-6,
      theta: 1e4,
      layout: 'half',
      scaleInF32: false,
      mrope: false,
      seesPixels: false,
      bias: (attention, mlp) => ({ qkv: attention, o: attention, mlp }),
    },
    helium: {
      eps: 1e-8,
      theta: 1e5,
      layout: 'interleaved',
      scaleInF32: true,
      mrope: false,
      seesPixels: false,
      bias: (attention, mlp) => ({ qkv: attention, o: false, mlp }),
    },
    qwen2_5_vl: {
      eps: 1e-5,
      theta: 1e6,
      layout: 'half',
      scaleInF32: false,
      mrope: true,
      seesPixels: true,
      bias: () => ({ qkv: true, o: false, mlp: false }),
    },
  }),
);

/** The family of a `model_type` such as `llama` or `casa_llama`. Throws ConfigError that lists those there are. */
export function familyOf(modelType: string): Family {
  const family = families.get(modelType.replace(CASA, ''));
  if (family !== undefined) return family;
  const known = [...families.keys()].flatMap((name) => [name, `casa_${name}`]);
  const [near] = known.map((name) => ({ name, away: distance(modelType, name) })).sort((a, b) => a.away - b.away);
  const hint = near && near.away <= modelType.length / 3 ? ` (did you mean "${near.name}"?)` : '';
  throw new ConfigError([`model_type "${modelType}" is not known${hint}; there are ${known.join(', ')}`]);
}
