import { configOf, measuredDecoder } from '../genai/decoder.ts';

/** With room for a past of 4,096 tokens. */
export const model = measuredDecoder(4608);
export const config = configOf(model);
