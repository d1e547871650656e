/** Writes docs/zoo.md from measurements: `npm run zoo:table`. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { baseline, insertionRuns } from './baselines.ts';
import { measure } from './measure.ts';
import { type Row, zooPage } from './page.ts';
import { systems } from './systems.ts';

const rows: Row[] = [];
const insertion = baseline('insertion');
for (const { name, size, program, runs } of [insertion, baseline('ca'), baseline('casa')]) {
  rows.push({ name, size, ...measure(program, runs) });
}
const inserted = (tokens: number) => measure(insertion.program, insertionRuns(tokens)).runs;
for (const { name, sheet, large } of await systems()) {
  try {
    const measured = measure((await large()).build({ dtype: 'f16' }), sheet.runs);
    const decoding = sheet.inserted === undefined ? {} : { inserted: inserted(sheet.inserted) };
    rows.push({ name, link: `../examples/zoo/${name}`, size: sheet.size, ...measured, ...decoding });
    console.log(name);
  } catch (error) {
    process.exitCode = 1;
    console.error(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}
await writeFile(resolve(import.meta.dirname, '../../docs/zoo.md'), zooPage(rows));
