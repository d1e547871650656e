import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Bench, openBench } from '../support/bench.ts';
import { parseCase } from '../support/programCase.ts';
import { fuzzPrograms, reportCase } from './fuzzPrograms.ts';

const USAGE = 'npm run fuzz -- [--runs N] [--seed S] [--dtype f32|f16] | --replay FILE';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    dtype: { type: 'string', default: 'f32' },
    replay: { type: 'string' },
  },
});
const bench = await openBench();
const report = values.replay ? await replay(bench, values.replay) : await fuzz(bench);
bench.close();
console.log(report ?? 'All targets agree.');
if (report) process.exitCode = 1;

async function replay(bench: Bench, file: string): Promise<string | undefined> {
  return reportCase(bench, parseCase(await readFile(file, 'utf8')));
}

function fuzz(bench: Bench): Promise<string | undefined> {
  const [runs, seed] = [Number(values.runs), Number(values.seed)];
  const { dtype } = values;
  if (!(runs > 0) || !Number.isInteger(seed) || (dtype !== 'f32' && dtype !== 'f16')) throw new Error(USAGE);
  console.log(`${runs} random programs in ${dtype}, seed ${seed}`);
  let done = 0;
  const onRun = () => {
    done++;
    if (done % 500 === 0) console.log(`${done} …`);
  };
  return fuzzPrograms(bench, { runs, seed, dtype, onRun });
}
