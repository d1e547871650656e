import type { Command } from 'commander';
import { importModel } from '../import/importModel.ts';

interface Flags {
  readonly out: string;
  readonly force?: boolean;
}

export function addImport(program: Command): void {
  program
    .command('import')
    .summary('write an editable model.ts from a checkpoint')
    .description(
      "Writes a typed model file from a checkpoint's config.json. It builds to the same bytes as the folder, until you " +
        'edit it: another fusion, fewer layers, larger caches.',
    )
    .argument('<checkpoint>', 'a checkpoint folder with config.json')
    .option('--out <file>', 'the file to write', 'model.ts')
    .option('--force', 'replace the file if it exists')
    .addHelpText(
      'after',
      `
Examples:
  casement import checkpoint
  casement import checkpoint --out src/model.ts
  casement build src/model.ts --checkpoint checkpoint --out dist/model`,
    )
    .action(async (checkpoint: string, { out, force }: Flags) => {
      await importModel({ checkpoint, out, ...(force ? { force } : {}) });
      console.log(`${out}: build it with casement build ${out} --checkpoint ${checkpoint} --out dist/model`);
    });
}
