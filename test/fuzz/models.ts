import { type HostTensor, makeTensor, type Program } from '@casement/ir';
import { decoder } from '@casement/models';
import { type Executor, Session } from '@casement/session';
import { type Turn, tokenByToken } from '../../packages/casement/src/conversation.ts';
import { converse } from '../../packages/casement/src/verify/runGolden.ts';
import { type Bench, TARGETS, type Target } from '../support/bench.ts';
import { compiledFor } from '../support/compiledFor.ts';
import { drawParams } from '../support/drawParams.ts';
import { maxDifference } from '../support/onnx.ts';
import { drawTurns, type ModelCase, randomModel } from '../support/randomModel.ts';
import { explainDeparture } from './explainDeparture.ts';
import type { Subject } from './fuzz.ts';

/** Of the largest logit, against the reference in f32. Random weights magnify rounding more than trained ones. */
const TOLERANCE = { f32: 2e-5, f16: 5e-2, bf16: 0.4 };

/**
 * Decoders of odd sizes: in chunks and token by token their logits are the reference's in f32, and layers with `ca` are
 * silent before the first image.
 */
export const models: Subject<ModelCase> = {
  name: 'model',
  draw: randomModel,
  async check(bench, made) {
    const turns = drawTurns(made);
    const [expected = NOTHING] = await logitsOn(
      bench,
      'reference',
      built({ ...made, dtype: 'f32' }),
      tokenByToken(turns),
    );
    const allowed = TOLERANCE[made.dtype] * expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    for (const target of TARGETS) {
      const problem = await problemOn(bench, target, made, { expected, allowed }).catch((error: Error) => error.stack);
      if (problem) return `${target}: ${problem}`;
    }
    return undefined;
  },
  explain(bench, made) {
    const drive = (executor: Executor) => converse(executor, drawTurns(made));
    return explainDeparture(bench, built(made), drive, TOLERANCE[made.dtype]);
  },
  print: (made) => `${JSON.stringify(made, null, 2)}\n`,
  parse: (text) => JSON.parse(text),
};

interface Wanted {
  readonly expected: Float32Array;
  readonly allowed: number;
}

async function problemOn(
  bench: Bench,
  target: Target,
  made: ModelCase,
  { expected, allowed }: Wanted,
): Promise<string | undefined> {
  const turns = drawTurns(made);
  const [inChunks, inTokens] = await logitsOn(bench, target, built(made), turns, tokenByToken(turns));
  for (const [by, actual = NOTHING] of Object.entries({ chunks: inChunks, tokens: inTokens })) {
    const difference = maxDifference(actual, expected);
    // Not `>`: NaN is a problem too.
    if (!(difference <= allowed)) return `in ${by} differs by ${difference}, allowed are ${allowed}`;
  }
  // In half precision ONNX Runtime rounds where it likes, other graphs elsewhere.
  return made.dtype === 'f32' ? noiseBeforeImages(bench, target, made) : undefined;
}

/**
 * Before the first image, `ca` layers contribute exactly zero: the logits are to the bit those of the same model when
 * nothing of these layers gets out.
 */
async function noiseBeforeImages(bench: Bench, target: Target, made: ModelCase): Promise<string | undefined> {
  const { fusion } = made.config;
  // Projections that F shares with self-attention cannot be silenced for F alone.
  if (fusion?.attention !== 'ca' || fusion.shared) return undefined;
  const turns = [
    { ids: Array.from({ length: Math.min(made.config.capacity.text, 4) }, (_, i) => i % made.config.vocab) },
  ];
  const model = built(made);
  const params = new Map([...model.params].map(([name, tensor]) => [name, silenced(name, tensor)]));
  const [expected = NOTHING] = await logitsOn(bench, target, { ...model, params }, turns);
  const [actual = NOTHING] = await logitsOn(bench, target, model, turns);
  const at = actual.findIndex((value, i) => value !== expected[i]);
  return at < 0 ? undefined : `without an image logit ${at} is ${actual[at]}, not the silenced model's ${expected[at]}`;
}

function silenced(name: string, tensor: HostTensor): HostTensor {
  return name.includes('.casa_attn.o_proj.') ? makeTensor(tensor.dtype, tensor.shape, () => 0) : tensor;
}

interface Built {
  readonly program: Program;
  readonly params: ReadonlyMap<string, HostTensor>;
}

function built({ config, dtype }: Pick<ModelCase, 'config' | 'dtype'>): Built {
  const program = decoder(config).build({ dtype });
  return { program, params: drawParams(program) };
}

const NOTHING = new Float32Array();

/** Logits of all text of each conversation, one after another on the same executor. */
async function logitsOn(
  bench: Bench,
  target: Target,
  { program, params }: Built,
  ...conversations: readonly (readonly Turn[])[]
): Promise<Float32Array[]> {
  const executor = await bench.open(target, compiledFor(target, program), params);
  const all: Float32Array[] = [];
  for (const turns of conversations) {
    const session = new Session(executor);
    const logits: number[] = [];
    for (const { image, ids } of turns) {
      if (image) await session.showImage(image);
      if (ids.length > 0) for (const value of (await session.prefill(ids)).data) logits.push(value);
    }
    await executor.reset();
    all.push(Float32Array.from(logits));
  }
  await executor.dispose();
  return all;
}
