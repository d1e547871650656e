import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { initProject } from '../init/initProject.ts';
import { formatWeightMap } from '../inspect/formatWeightMap.ts';

interface Flags {
  readonly from?: string;
}

export function addInit(program: Command, signal: AbortSignal): void {
  program
    .command('init')
    .summary('start a project: a model, a test, and both targets')
    .description(
      'Makes a folder with an editable model.ts, a package.json with scripts, a test that compares both targets with the ' +
        'reference, and a start. Without --from, the model is tiny and has random weights, so that all of it runs at once.',
    )
    .argument('<name>', 'a new or empty folder, named as npm wants packages named')
    .option('--from <checkpoint>', 'a checkpoint folder (config.json, *.safetensors, tokenizer); it stays where it is')
    .addHelpText(
      'after',
      `
Examples:
  casement init my-model
  casement init my-model --from checkpoints/helium
  cd my-model && npm install && npm test && npm start`,
    )
    .action(async (dir: string, { from }: Flags) => {
      const { name, weights } = await initProject({ dir, signal, ...(from === undefined ? {} : { from }) });
      if (!weights.complete) {
        console.warn(`warning: the weights do not fit the model yet\n\n${formatWeightMap(weights)}\n`);
      }
      const folder = relative('', resolve(dir));
      const enter = folder === '' ? '' : `  cd ${folder}\n`;
      console.log(`${name} is ready. Now run:\n\n${enter}  npm install\n  npm start`);
    });
}
