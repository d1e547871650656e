import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { whyOnHost } from '@casement/session';
import type { Command } from 'commander';
import type { Target } from '../artifact/compile.ts';
import { UserError } from '../error.ts';
import { formatBytes } from '../format.ts';
import { captionDrawing } from '../model/captionFrames.ts';
import { kvBytes } from '../model/kvBytes.ts';
import { openModel } from '../model/openModel.ts';
import { type GenerationFlags, generationOptions, parseNumber, settingsOf } from './generationOptions.ts';
import { targetOption } from './run.ts';

interface Flags extends GenerationFlags {
  readonly prompt?: string;
  readonly prefix: string;
  readonly target?: Target;
  readonly maxPixels?: number;
  readonly greedy?: true;
  readonly verbose?: true;
}

const PICTURE = /\.(png|jpe?g|webp)$/i;

export function addCaption(program: Command, signal: AbortSignal): void {
  const command = program
    .command('caption')
    .summary('caption frames as they come, at constant cost per frame')
    .description(
      'Shows a model with fusion layers (CASA, CA) frame after frame and prints a caption of each. The text of all frames ' +
        'stays in the cache, no image does.',
    )
    .argument('<artifact>', 'a folder made by casement build')
    .argument('<frames...>', 'PNG, JPEG and WebP files, and folders of them (in the order of their names)')
    .option('--prompt <text>', 'what the model is to do, before the first frame')
    .option('--prefix <text>', 'the words with which the first caption starts', '')
    .addOption(targetOption());
  generationOptions(command)
    .option('--max-pixels <n>', 'shrink frames to this area', parseNumber)
    .option('--greedy', 'take the likeliest token always, without penalties on repetition')
    .option('--verbose', 'say where tokens are chosen, and how many bytes of keys and values are held after each frame')
    .addHelpText('after', '\nExample:\n  casement caption dist/model frames --prefix "In this video" --verbose')
    .action(async (artifact: string, paths: string[], flags: Flags) => {
      const { target, maxPixels, prompt, prefix, greedy = false } = flags;
      const frames = await listFrames(paths);
      const model = await openModel(artifact, {
        ...(target ? { target } : {}),
        ...(maxPixels === undefined ? {} : { maxPixels }),
      });
      try {
        const instructions = prompt === undefined ? [] : [{ role: 'user', content: prompt }];
        const settings = settingsOf(flags);
        if (flags.verbose) {
          const reason = whyOnHost(model.session, captionDrawing(model.generation.settings, { greedy, settings }));
          console.error(`tokens are chosen on the ${reason ? `host: ${reason}` : 'device'}`);
        }
        let peak = 0;
        process.stdout.write(prefix);
        for await (const { frame, text, finish } of model.caption(frames, {
          instructions,
          prefix,
          greedy,
          settings,
          signal,
        })) {
          process.stdout.write(text);
          const held = [...kvBytes(model.session.executor)];
          peak = Math.max(peak, total(held));
          if (finish === undefined) continue;
          const parts = held.map(([dim, bytes]) => `${dim} ${formatBytes(bytes)}`).join(', ');
          const note = `  [${frames[frame]}: keys and values ${parts}; at most ${formatBytes(peak)} during the frame]`;
          process.stdout.write(flags.verbose ? `${note}\n` : '\n');
          peak = 0;
        }
      } finally {
        await model.dispose();
      }
    });
}

async function listFrames(paths: readonly string[]): Promise<string[]> {
  const frames: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch((error: Error) => {
      throw new UserError(`cannot read the frames ${path}: ${error.message}`);
    });
    if (!found.isDirectory()) frames.push(path);
    else
      frames.push(
        ...(await readdir(path))
          .filter((file) => PICTURE.test(file))
          .sort()
          .map((file) => join(path, file)),
      );
  }
  if (frames.length === 0) throw new UserError(`there are no PNG, JPEG or WebP files in ${paths.join(', ')}`);
  return frames;
}

function total(held: readonly (readonly [string, number])[]): number {
  return held.reduce((sum, [, bytes]) => sum + bytes, 0);
}
