import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { expect, it } from 'vitest';

it('takes at most 40 kB of a page, compressed', async () => {
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: true,
      lib: { entry: fileURLToPath(new URL('index.ts', import.meta.url)), formats: ['es'] },
      rolldownOptions: { output: { minify: true } },
    },
  });
  // One entry in one format gives one output.
  const [{ output }] = result as [Rolldown.RolldownOutput];
  expect(output.map(({ fileName }) => fileName)).toHaveLength(1);
  const [{ code, imports }] = output;
  expect(imports).toEqual([]);
  const { length } = gzipSync(code, { level: 9 });
  expect(length).toBeGreaterThan(2000); // else it was not the runtime
  expect(length).toBeLessThanOrEqual(40_000);
});
