import { projectTileKernels } from '../fusion/lowerTiles.ts';
import { attentionKernels } from './attention.ts';
import { conv2dKernels } from './conv2d.ts';
import { layerNormKernels } from './layerNorm.ts';
import { linearKernels } from './linear.ts';
import { matmulKernels } from './matmul.ts';
import { quantizedLinearKernels } from './quantizedLinear.ts';
import { reduceKernels } from './reduce.ts';
import { rmsNormKernels } from './rmsNorm.ts';
import { softmaxKernels } from './softmax.ts';

/** What fusions make. */
const FUSED = [
  { kernel: 'projectRows', rule: 'fused: linears that read one row, the norm before them and what follows them' },
  { kernel: 'attentionSplitKeys', rule: 'fused: one query, its keys in splits that projectRows joins' },
  { kernel: 'attentionSplitKeysByGroup', rule: 'fused: one query, its keys in splits that projectRows joins' },
];

/**
 * Why a kernel of this id (its algorithm, and a number) was taken among those that compute the same; undefined where
 * there is only one.
 */
export function kernelRule(id: string): string | undefined {
  const algorithm = id.replace(/-\d+$/, '');
  const known = [
    ...FUSED,
    ...projectTileKernels,
    ...linearKernels,
    ...quantizedLinearKernels,
    ...matmulKernels,
    ...conv2dKernels,
    ...reduceKernels,
    ...attentionKernels,
    ...rmsNormKernels,
    ...layerNormKernels,
    ...softmaxKernels,
  ];
  return known.find(({ kernel }) => kernel === algorithm)?.rule;
}
