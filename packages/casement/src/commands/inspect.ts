import type { Command } from 'commander';
import { formatInspection } from '../inspect/formatInspection.ts';
import { inspectProgram } from '../inspect/inspect.ts';
import { loadModel } from '../load/loadModel.ts';
import { dtypeOption } from './options.ts';

interface Flags {
  readonly checkpoint?: string;
  readonly dtype: 'f32' | 'f16';
  readonly json?: boolean;
}

export function addInspect(program: Command): void {
  program
    .command('inspect')
    .summary('show entries, sizes, memory and ops of a model')
    .argument('<model>', 'a model.ts, or a checkpoint folder with config.json')
    .option('--checkpoint <dir>', 'folder with config.json, when the model file reads its sizes from there')
    .addOption(dtypeOption())
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  casement inspect checkpoint --dtype f16')
    .action(async (model: string, flags: Flags) => {
      const { definition } = await loadModel(model, flags.checkpoint);
      const inspection = inspectProgram(definition.build({ dtype: flags.dtype }));
      console.log(flags.json ? JSON.stringify(inspection, null, 2) : formatInspection(inspection));
    });
}
