import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Bench, openBench } from '../support/bench.ts';
import { type FuzzOptions, fuzz, report } from './fuzz.ts';
import { models } from './models.ts';
import { programs } from './programs.ts';

const USAGE = 'npm run fuzz -- [programs | models] [--runs N] [--seed S] [--dtype f32|f16] | --replay FILE';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    dtype: { type: 'string', default: 'f32' },
    replay: { type: 'string' },
  },
});
const bench = await openBench();
const failure = values.replay ? await replay(bench, values.replay) : await run(bench);
bench.close();
console.log(failure ?? 'All targets agree.');
if (failure) process.exitCode = 1;

async function replay(bench: Bench, file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8');
  return text.startsWith('{')
    ? report(bench, models, models.parse(text))
    : report(bench, programs, programs.parse(text));
}

async function run(bench: Bench): Promise<string | undefined> {
  const [kind = 'programs'] = positionals;
  const { dtype } = values;
  const [runs, seed] = [Number(values.runs), Number(values.seed)];
  const known = (kind === 'programs' || kind === 'models') && (dtype === 'f32' || dtype === 'f16');
  if (!known || !(runs > 0) || !Number.isInteger(seed)) throw new Error(USAGE);
  console.log(`${runs} random ${kind} in ${dtype}, seed ${seed}`);
  let done = 0;
  const onRun = () => {
    done++;
    if (done % 100 === 0) console.log(`${done} …`);
  };
  const options: FuzzOptions = { runs, seed, dtype, onRun };
  return kind === 'models' ? fuzz(bench, models, options) : fuzz(bench, programs, options);
}
