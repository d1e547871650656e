/** The words of a decode loop's settings, in their order: f32 where it says so, else u32. */
export const LOOP_SETTINGS = [
  /** f32; 0: the likeliest token. */
  'temperature',
  'seed',
  /** Draws so far. */
  'drawn',
  /** Of them, those before the loop: its first choice follows on no run. */
  'drawnBefore',
  /** 0: all. */
  'topK',
  /** f32; 1: all. */
  'topP',
  /** f32: tokens below it are not drawn; kernels set it. */
  'threshold',
  /** All f32. */
  'repetitionPenalty',
  'presencePenalty',
  'frequencyPenalty',
  'stopBias',
  /** f32, with what is left of every count after a token (0: no such penalty), and the most that counts. */
  'emaPenalty',
  'emaDecay',
  'emaMost',
  /** Length of the runs that must not come again (0: any may), and how many of the newest tokens are looked at. */
  'repeatSize',
  'repeatWindow',
  /** How many tokens the ring of the newest ones was given so far. */
  'written',
] as const;

export type LoopSetting = (typeof LOOP_SETTINGS)[number];

/** What a decode loop knows about each token of the vocabulary: so many numbers for each of these, one behind the other. */
export const TOKEN_FACTS = [
  /** Added to its logit (f32). */
  'bias',
  /** How often it came up lately (f32). */
  'recent',
  /** Bits: 0, it was read or written; 1, it is a stop token; from 2 on, how often it was generated. */
  'tally',
  /** One more than the draw in which it must not be chosen. */
  'banned',
] as const;

export type TokenFact = (typeof TOKEN_FACTS)[number];
