import type { Program } from '@casement/ir';
import { decoder, type Fusion, modelFromConfig } from '@casement/models';
import type { Run } from '../../examples/zoo/shared/sheet.ts';
import { FUSION_NAMES } from '../../packages/casement/src/inspect/compareFusions.ts';
import { presets } from '../../packages/casement/src/randomWeights/presets.ts';

/** The backbone with one of the three ways that Casement has built in. */
export interface Baseline {
  readonly name: string;
  readonly size: string;
  readonly program: Program;
  readonly runs: readonly Run[];
}

/** Text before the token that is measured. */
const PAST = 128;

/** An image of so many tokens goes into the text, and a token comes after it. */
export function insertionRuns(tokens: number): Run[] {
  return [
    { entry: 'insertImage', given: `${tokens} image tokens`, dims: { seq: tokens, past: 0 }, role: 'image' },
    {
      entry: 'step',
      given: `1 token, text of ${PAST} and ${tokens} image tokens`,
      dims: { seq: 1, kept: 1, past: PAST + tokens },
      role: 'token',
    },
  ];
}

export function baseline(attention: Fusion['attention']): Baseline {
  const { text } = modelFromConfig(presets.get('2B'));
  const fusion: Fusion = attention === 'insertion' ? { attention } : { ...FUSION, attention };
  const runs: Run[] = [
    { entry: 'openWindow', given: '256 image tokens', dims: { image: 256 }, role: 'image' },
    {
      entry: 'step',
      given: `1 token, text of ${PAST}`,
      dims: { seq: 1, kept: 1, past: PAST, window: 256 },
      role: 'token',
    },
  ];
  return {
    name: FUSION_NAMES[attention],
    size: attention === 'insertion' ? 'the backbone' : 'the backbone, and a fusion layer in each of its blocks',
    program: decoder({ ...text, fusion }).build({ dtype: 'f16' }),
    runs: attention === 'insertion' ? insertionRuns(256) : runs,
  };
}

/** As released: parallel, with projections of its own. */
const FUSION = { order: 'parallel', shared: false, updateImages: false } as const;
