import { RuntimeError } from './error.ts';
import type { Plan } from './format/plan.ts';
import { readJson, requireFileName, type Source } from './source/source.ts';

const FORMAT = 'casement-plan/2';

/** Reads and recognises a plan. Throws RuntimeError when it is none, or names files outside its folder. */
export async function readPlan(source: Source, file = 'plan.json', signal?: AbortSignal): Promise<Plan> {
  const plan = await readJson(source, file, signal);
  if (!isPlan(plan)) {
    const found = plan && typeof plan === 'object' && 'format' in plan ? JSON.stringify(plan.format) : 'none';
    throw new RuntimeError(
      'source',
      `${file} has the format ${found}, this runtime reads "${FORMAT}"; build the bundle again`,
    );
  }
  for (const { kernels, uploads } of plan.variants) {
    for (const kernel of Object.values(kernels)) requireFileName(kernel.file, file);
    for (const upload of uploads) requireFileName(upload.file, file);
  }
  return plan;
}

/** The format string stands for the rest: only `build` writes plans. */
function isPlan(value: unknown): value is Plan {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === FORMAT;
}
