import { join, relative } from 'node:path';
import { build } from 'casement';
import { captionFrames } from './captionFrames.ts';
import { draw } from './draw.ts';
import { openCaptioner } from './openCaptioner.ts';
import { frameReport, type Watched, whatItShows } from './report.ts';
import { createScene } from './scene.ts';

/** A scene that training never saw; its seeds are far below. */
const SEED = 2_000_000_000;
const FRAMES = 12;
const here = join(import.meta.dirname, '..');
const [casa, insertion] = [join(here, 'out/casa'), join(here, 'out/insertion')];
const say = (text: string) => process.stdout.write(`${text}\n`);

say(`A small model watches a scene, frame by frame, and says what happened. It was trained with PyTorch. Here it runs
twice, from one definition and one file of weights: with ONNX Runtime, as on a server, and with WebGPU, as in a browser.
`);
const start = performance.now();
await build({
  model: join(here, 'model.ts'),
  checkpoint: join(here, 'weights'),
  out: casa,
  targets: ['onnx', 'webgpu'],
});
// The usual way to show images to a text model, to compare memory with: image tokens are inserted into the text.
await build({ model: join(here, 'weights-insertion'), out: insertion, targets: ['onnx'] });
// npm runs this in the example's folder, wherever it was called.
const folder = relative(process.env.INIT_CWD ?? process.cwd(), casa);
say(`Built ${folder} for both in ${((performance.now() - start) / 1000).toFixed(1)} s. Loading it; WebGPU compiles its kernels,
which takes some seconds on a computer without a GPU.
`);

const onnx = await openCaptioner(casa, 'onnx');
const webgpu = await openCaptioner(casa, 'webgpu');
const inserting = await openCaptioner(insertion, 'onnx');
const scene = createScene(SEED);
const clip = Array.from({ length: FRAMES }, () => ({ truth: scene.next(), frame: draw(scene.things) }));
const frames = clip.map(({ frame }) => frame);
const ofInsertion = captionFrames(inserting, frames);
const ofWebGpu = captionFrames(webgpu, frames);
const watched: Watched[] = [];
for await (const caption of captionFrames(onnx, frames)) {
  const [b, c] = [await ofWebGpu.next(), await ofInsertion.next()]; // one after the other, to be timed
  const shown = clip[watched.length];
  if (shown === undefined || b.done || c.done) throw new Error('there are captions of other frames');
  watched.push({ ...shown, onnx: caption, webgpu: b.value, insertion: c.value });
  say(frameReport(watched, { picture: process.stdout.isTTY }));
}
say(whatItShows(watched));
await Promise.all([onnx, webgpu, inserting].map((model) => model.dispose()));
