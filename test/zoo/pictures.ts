/** Draws the block of every system of the zoo into its folder: `npm run zoo:pictures`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawBlock } from '../../packages/casement/src/inspect/draw/drawBlock.ts';
import { systems } from './systems.ts';

for (const { name, folder, sheet, small } of await systems()) {
  try {
    const program = (await small()).build({ dtype: 'f32' });
    await writeFile(join(folder, 'block.svg'), await drawBlock(program, sheet.block));
    console.log(`${name}: block.svg`);
  } catch (error) {
    process.exitCode = 1;
    console.error(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}
