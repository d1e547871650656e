import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Program } from '@casement/ir';
import type { Command } from 'commander';
import { UserError } from '../error.ts';
import { type DrawOptions, drawBlock } from '../inspect/draw/drawBlock.ts';
import { formatInspection } from '../inspect/formatInspection.ts';
import { inspectModel } from '../inspect/inspectModel.ts';
import { kernelsOf } from '../inspect/kernelsOf.ts';
import { escapeText } from '../inspect/plot/lineChart.ts';
import { plotStream } from '../inspect/plotStream.ts';
import { loadModel } from '../load/loadModel.ts';
import { type BuildDType, readBuildDType } from '../quantize/buildDType.ts';
import { dtypeOption, parseCount, zeroPointsOption } from './options.ts';

interface Flags {
  readonly checkpoint?: string;
  readonly dtype: BuildDType;
  readonly zeroPoints?: boolean;
  readonly frames: number;
  readonly imageTokens: number;
  readonly textTokens: number;
  readonly plot?: string;
  readonly draw?: string;
  readonly scope?: string;
  readonly entry?: string;
  readonly depth?: number;
  readonly kernels?: boolean;
  readonly variant?: string;
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
    .argument('<model>', 'a model.ts, or a checkpoint folder with config.json; for --kernels an artifact folder, too')
    .option('--checkpoint <dir>', 'folder with config.json, when the model file reads its sizes from there')
    .addOption(dtypeOption())
    .addOption(zeroPointsOption())
    .option('--frames <n>', 'frames of the stream', parseCount, 512)
    .option('--image-tokens <n>', 'tokens of an image', parseCount, 256)
    .option('--text-tokens <n>', 'text tokens of a frame, generated one by one', parseCount, 16)
    .option('--plot <file>', 'write the stream as a plot, .svg or .html')
    .option('--draw <file>', 'draw a block from the graph, .svg or .html, and print nothing else')
    .option('--scope <scope>', 'the block that --draw shows, such as model.layers.0 (default: everything)')
    .option('--entry <entry>', 'the entry that --draw shows (default: the first that has the scope)')
    .option('--depth <n>', 'levels of blocks within it that --draw tells apart (default: 1)', parseCount)
    .option(
      '--kernels',
      'print the WebGPU kernels of every entry and device class, why these, what is not fused, and nothing else',
    )
    .option('--variant <name>', 'the device class that --kernels shows, such as gpu (default: all)')
    .option('--json', 'print everything as JSON')
    .addHelpText(
      'after',
      `
Examples:
  casement inspect checkpoint --dtype q4f16
  casement inspect model.ts --frames 128 --image-tokens 1024 --plot stream.svg
  casement inspect checkpoint --draw block.svg --scope model.layers.0
  casement inspect checkpoint --dtype q4f16 --kernels --variant gpu
  casement inspect checkpoint --json

FLOP: a multiplication and an addition count as two; attention counts the pairs it sees.
Bytes read: weights and live caches, as often as an op reads them; activations are not counted.`,
    )
    .action(async (model: string, { kernels, variant, ...flags }: Flags) => {
      const { checkpoint, plot, json, draw, scope, entry, depth, ...options } = flags;
      if (kernels) {
        const { dtype, zeroPoints = false } = options;
        const chosen = { ...(checkpoint ? { checkpoint } : {}), ...(variant ? { variant } : {}) };
        return console.log(await kernelsOf(model, { dtype, zeroPoints, ...chosen }));
      }
      if (variant !== undefined) throw new UserError('--variant goes with --kernels');
      const { definition, quantization } = await loadModel(model, checkpoint);
      const drawn = { ...(scope ? { scope } : {}), ...(entry ? { entry } : {}), ...(depth ? { depth } : {}) };
      if (draw !== undefined)
        return writeBlock(draw, definition.build({ dtype: readBuildDType(options.dtype).float }), drawn);
      if (Object.keys(drawn).length > 0) throw new UserError('--scope, --entry and --depth go with --draw FILE');
      const inspection = inspectModel(definition, { ...options, ...(quantization ? { quantization } : {}) });
      if (plot !== undefined) await writePlot(plot, plotStream(inspection));
      console.log(json ? JSON.stringify(inspection, null, 2) : formatInspection(inspection));
    });
}

async function writePlot(file: string, svg: string | undefined): Promise<void> {
  requirePicture('--plot', file);
  if (svg === undefined) {
    throw new UserError(
      '--plot: only models made by decoder(…), visionLanguageModel(…) or a config.json have a stream',
    );
  }
  await writePicture(file, svg, 'Cost over a stream');
}

async function writeBlock(file: string, program: Program, options: DrawOptions): Promise<void> {
  requirePicture('--draw', file);
  await writePicture(file, await drawBlock(program, options), program.name);
}

function requirePicture(option: string, file: string): void {
  if (!/\.(svg|html)$/.test(file)) throw new UserError(`${option} ${file}: give a name that ends in .svg or .html`);
}

async function writePicture(file: string, svg: string, title: string): Promise<void> {
  const page = `<!doctype html>\n<meta charset="utf-8">\n<meta name="color-scheme" content="light dark">\n<title>${escapeText(title)}</title>\n${svg}`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, file.endsWith('.html') ? page : svg);
}
