import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Message, openModel, randomWeights } from 'casement';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

interface Golden {
  readonly questions: readonly Message[];
  readonly images: readonly {
    readonly file: string;
    readonly grid: readonly [number, number];
    readonly sha256: string;
  }[];
  readonly conversations: readonly {
    readonly repetitionPenalty: number;
    readonly turns: readonly {
      readonly ids: readonly number[];
      readonly answer: readonly number[];
      readonly text: string;
    }[];
  }[];
}

const here = import.meta.dirname;
const pictures = join(here, '../../packages/session/golden/image');
const PLACEHOLDER = 909;

let dir: string;
let artifact: string;
let golden: Golden;

beforeAll(async () => {
  // Written by golden/make.py, in this shape.
  golden = JSON.parse(await readFile(join(here, 'golden/conversation.json'), 'utf8')) as Golden;
  dir = await mkdtemp(join(tmpdir(), 'casement-chat-'));
  const config: unknown = JSON.parse(await readFile(join(here, 'config.json'), 'utf8'));
  const checkpoint = join(dir, 'checkpoint');
  await randomWeights({ config, out: checkpoint, dtype: 'f32', processorOf: here });
  artifact = join(dir, 'artifact');
  await build({ model: checkpoint, out: artifact, targets: ['onnx', 'webgpu'] });
});

afterAll(() => rm(dir, { recursive: true, force: true }));

/** The questions of the golden, with the files of their images. */
function questions(): Message[] {
  let next = 0;
  return golden.questions.map(({ role, content }) => {
    if (typeof content === 'string') return { role, content };
    const file = () => join(pictures, golden.images[next++]?.file ?? '');
    return { role, content: content.map((part) => (part.type === 'image' ? { type: 'image', image: file() } : part)) };
  });
}

describe.each(['onnx', 'webgpu'] as const)('a conversation with two images on %s', (target) => {
  test('has the tokens, pixels and answers of transformers', async () => {
    const model = await openModel(artifact, { target });
    try {
      const fed: number[] = [];
      const read = model.session.read.bind(model.session);
      vi.spyOn(model.session, 'read').mockImplementation((ids, signal) => {
        fed.push(...ids);
        return read(ids, signal);
      });
      const encodeImage = model.session.encodeImage.bind(model.session);
      const seen: unknown[] = [];
      vi.spyOn(model.session, 'encodeImage').mockImplementation(async (patches, options) => {
        const { grid, pixelValues } = patches;
        seen.push({ grid: [grid.rows, grid.columns], sha256: createHash('sha256').update(pixelValues).digest('hex') });
        fed.push(...Array.from({ length: (grid.rows * grid.columns) / 4 }, () => PLACEHOLDER));
        return encodeImage(patches, options);
      });
      for (const { repetitionPenalty, turns } of golden.conversations) {
        await model.reset();
        fed.length = 0;
        for (const [i, question] of questions().entries()) {
          const answer: number[] = [];
          let text = '';
          const settings = { repetitionPenalty, maxTokens: 32 };
          const { ids = [], ...wanted } = turns[i] ?? {};
          for await (const generated of model.ask([question], { settings })) {
            if (answer.length === 0) expect(fed.slice(0, ids.length)).toEqual(ids);
            answer.push(generated.token);
            text += generated.text;
          }
          expect({ answer, text }).toEqual(wanted);
          // A target that chooses tokens itself reads them without being told to.
          if (!fed.slice(ids.length).includes(answer[0] ?? -1)) fed.push(...answer);
        }
      }
      const images = golden.images.map(({ grid, sha256 }) => ({ grid, sha256 }));
      expect(seen).toEqual([...images, ...images]);
    } finally {
      await model.dispose();
    }
  });
});
