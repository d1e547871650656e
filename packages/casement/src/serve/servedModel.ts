import type { ModelFiles } from '../model/readModel.ts';
import type { TextProcessor } from '../model/readProcessor.ts';
import type { Slots } from './slots.ts';

/** The model of a server, as its endpoints see it. */
export interface ServedModel {
  /** Under which clients ask for it. */
  readonly name: string;
  /** Differs when the weights do. */
  readonly fingerprint: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly files: ModelFiles;
  readonly text: TextProcessor;
  readonly slots: Slots;
}
