import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { UserError } from '../error.ts';
import { formatInspection } from '../inspect/formatInspection.ts';
import { inspectModel } from '../inspect/inspectModel.ts';
import { plotStream } from '../inspect/plotStream.ts';
import { loadModel } from '../load/loadModel.ts';
import { dtypeOption } from './options.ts';

interface Flags {
  readonly checkpoint?: string;
  readonly dtype: 'f32' | 'f16';
  readonly frames: number;
  readonly imageTokens: number;
  readonly textTokens: number;
  readonly plot?: string;
  readonly json?: boolean;
}

export function addInspect(program: Command): void {
  program
    .command('inspect')
    .summary('show sizes, memory and costs of a model, before anything runs')
    .description(
      'Counts parameters, FLOPs, bytes read and memory of a model from its definition, and compares what a stream of ' +
        'images costs with token insertion, CA and CASA around the same backbone.',
    )
    .argument('<model>', 'a model.ts, or a checkpoint folder with config.json')
    .option('--checkpoint <dir>', 'folder with config.json, when the model file reads its sizes from there')
    .addOption(dtypeOption())
    .option('--frames <n>', 'frames of the stream', parseCount, 512)
    .option('--image-tokens <n>', 'tokens of an image', parseCount, 256)
    .option('--text-tokens <n>', 'text tokens of a frame, generated one by one', parseCount, 16)
    .option('--plot <file>', 'write the stream as a plot, .svg or .html')
    .option('--json', 'print everything as JSON')
    .addHelpText(
      'after',
      `
Examples:
  casement inspect checkpoint --dtype f16
  casement inspect model.ts --frames 128 --image-tokens 1024 --plot stream.svg
  casement inspect checkpoint --json

FLOP: a multiplication and an addition count as two; attention counts the pairs it sees.
Bytes read: weights and live caches, as often as an op reads them; activations are not counted.`,
    )
    .action(async (model: string, { checkpoint, plot, json, ...options }: Flags) => {
      const { definition } = await loadModel(model, checkpoint);
      const inspection = inspectModel(definition, options);
      if (plot !== undefined) await writePlot(plot, plotStream(inspection));
      console.log(json ? JSON.stringify(inspection, null, 2) : formatInspection(inspection));
    });
}

async function writePlot(file: string, svg: string | undefined): Promise<void> {
  if (!/\.(svg|html)$/.test(file)) throw new UserError(`--plot ${file}: give a name that ends in .svg or .html`);
  if (svg === undefined) {
    throw new UserError(
      '--plot: only models made by decoder(…), visionLanguageModel(…) or a config.json have a stream',
    );
  }
  const page = `<!doctype html>\n<meta charset="utf-8">\n<meta name="color-scheme" content="light dark">\n<title>Cost over a stream</title>\n${svg}`;
  await writeFile(file, file.endsWith('.html') ? page : svg);
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('Give a whole number above 0.');
  return count;
}
