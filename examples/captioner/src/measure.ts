/**
 * How many captions of held-out scenes are right word for word, on a target: for the numbers in the README, by hand.
 *
 *     npx jiti examples/captioner/src/measure.ts ARTIFACT onnx|webgpu [CLIPS] [FRAMES] [SAID]
 *
 * SAID is what train/evaluate.py leaves in train/out: the captions of PyTorch, for the same scenes, to compare with.
 */
import { readFile } from 'node:fs/promises';
import { captionFrames } from './captionFrames.ts';
import { draw } from './draw.ts';
import { openCaptioner } from './openCaptioner.ts';
import { createScene } from './scene.ts';

/** As in train/evaluate.py. */
const FIRST_SEED = 2_000_001_000;
const [artifact = '', target, clips = '16', length = '24', saidFile] = process.argv.slice(2);
const said = saidFile ? (JSON.parse(await readFile(saidFile, 'utf8')) as string[][]) : undefined;
const model = await openCaptioner(artifact, target === 'webgpu' ? 'webgpu' : 'onnx');
let [all, right, same, milliseconds] = [0, 0, 0, 0];
for (let clip = 0; clip < Number(clips); clip++) {
  const scene = createScene(FIRST_SEED + clip);
  const shown = Array.from({ length: Number(length) }, () => ({ truth: scene.next(), frame: draw(scene.things) }));
  await model.session.reset();
  let at = 0;
  for await (const caption of captionFrames(
    model,
    shown.map(({ frame }) => frame),
  )) {
    all++;
    right += caption.text === shown[at]?.truth ? 1 : 0;
    same += caption.text === said?.[clip]?.[at] ? 1 : 0;
    milliseconds += caption.milliseconds;
    at++;
  }
}
await model.dispose();
const share = (count: number) => `${((100 * count) / all).toFixed(2)} %`;
const agreement = said ? `, ${share(same)} the same as PyTorch` : '';
process.stdout.write(
  `${target}: ${all} captions, ${share(right)} right${agreement}, ${(milliseconds / all).toFixed(1)} ms each\n`,
);
