import { type DecoderConfig, decoder, type Fusion } from '@casement/models';
import { buildProgram, type QuantizationOptions } from '../quantize/buildProgram.ts';
import { programCosts } from './entryCosts.ts';
import { type FrameCost, type Stream, streamCosts } from './streamCosts.ts';

/** What people call them. */
export const FUSION_NAMES = { insertion: 'insertion', ca: 'CA', casa: 'CASA' } as const satisfies Record<
  Fusion['attention'],
  string
>;

/** A stream with one way for images into the text. */
export interface FusionStream {
  readonly fusion: Fusion['attention'];
  readonly frames: readonly FrameCost[];
}

/**
 * What a stream costs with token insertion, CA and CASA around the same backbone. CA and CASA stand where the config has
 * its fusion layers, or in parallel in every block if it has none. Settings of a model's quantisation name layers that
 * others lack, so none are used.
 */
export function compareFusions(text: DecoderConfig, options: QuantizationOptions, stream: Stream): FusionStream[] {
  const layers = text.fusion && text.fusion.attention !== 'insertion' ? text.fusion : {};
  const fusions: Fusion[] = [
    { attention: 'insertion' },
    { ...layers, attention: 'ca' },
    { ...layers, attention: 'casa' },
  ];
  return fusions.map((fusion) => {
    const { program } = buildProgram({ definition: decoder({ ...text, fusion }) }, options);
    return { fusion: fusion.attention, frames: streamCosts(program, programCosts(program), stream) };
  });
}
