import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const fixtures = fileURLToPath(new URL('../type-tests', import.meta.url));
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** Runs the compiler; it exits with an error when there are diagnostics, which is what the tests are about. */
async function compile(...options: string[]): Promise<string> {
  const run = promisify(execFile)(process.execPath, [tsc, '--pretty', 'false', '--singleThreaded', ...options], {
    maxBuffer: 1 << 26,
  });
  return run.then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
}

function parseDiagnostics(output: string): Diagnostic[] {
  const starts = [...output.matchAll(/^(\S+)\((\d+),(\d+)\): error (TS\d+: .*(?:\n {2}.*)*)/gm)];
  return starts.map(([, file = '', line, column, text = '']) => {
    return { file: relative(fixtures, file), line: Number(line), column: Number(column), text };
  });
}

/** Places that the `^` in comments point at, in the line of code before. */
function markers(source: string): string[] {
  let code = 0;
  return source.split('\n').flatMap((text, i) => {
    if (!/^\s*\/\/[\s^]*\^[\s^]*$/.test(text)) {
      code = i + 1;
      return [];
    }
    return [...text.matchAll(/\^/g)].map(({ index }) => `${code}:${index + 1}`);
  });
}

/** Diagnostics as a reader sees them: the line, a caret, the message. */
function show(source: string, diagnostics: readonly Diagnostic[]): string {
  const lines = source.split('\n');
  const shown = diagnostics.map(({ line, column, text }) =>
    [lines[line - 1], `${' '.repeat(column - 1)}^`, text, ''].join('\n'),
  );
  return `${shown.join('\n')}`;
}

describe('types', () => {
  let diagnostics: readonly Diagnostic[] = [];
  beforeAll(async () => {
    diagnostics = parseDiagnostics(await compile('-p', fixtures));
  });

  it('accept what is right', () => {
    expect(diagnostics.filter(({ file }) => !file.startsWith('rejects/'))).toEqual([]);
  });

  it.each(readdirSync(join(fixtures, 'rejects')).filter((file) => file.endsWith('.ts')))(
    'point at the argument that is wrong: %s',
    async (file) => {
      const source = readFileSync(join(fixtures, 'rejects', file), 'utf8');
      const found = diagnostics.filter((diagnostic) => diagnostic.file === `rejects/${file}`);
      expect(found.map(({ line, column }) => `${line}:${column}`)).toEqual(markers(source));
      await expect(show(source, found)).toMatchFileSnapshot(join(fixtures, 'rejects', file.replace(/ts$/, 'txt')));
    },
  );
});

describe('budget', () => {
  const folder = mkdtempSync(join(tmpdir(), 'casement-types-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function instantiations(name: string, source: string): Promise<number> {
    writeFileSync(join(folder, `${name}.mts`), source);
    const paths = Object.fromEntries(
      ['dsl', 'ir'].map((part) => [`@casement/${part}`, [join(root, 'packages', part, 'src/index.ts')]]),
    );
    const config = {
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: { noEmit: true, paths, typeRoots: [join(root, 'node_modules/@types')] },
      files: [`${name}.mts`],
    };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(config));
    const output = await compile('-p', join(folder, `${name}.json`), '--extendedDiagnostics');
    expect(parseDiagnostics(output)).toEqual([]);
    return Number(/Instantiations:\s+(\d+)/.exec(output)?.[1]);
  }

  it('holds for 32 layers written out', async () => {
    const template = readFileSync(join(fixtures, 'layer.ts.txt'), 'utf8');
    const [head = '', layer = ''] = template.split('// ---\n');
    const layers = Array.from({ length: 32 }, (_, i) => layer.replaceAll('$N', String(i)));
    const used = (await instantiations('model', head + layers.join('\n'))) - (await instantiations('head', head));
    const budget: { instantiations: number } = JSON.parse(readFileSync(join(fixtures, 'budget.json'), 'utf8'));
    expect(used).toBeGreaterThan(10_000);
    expect(used).toBeLessThanOrEqual(budget.instantiations);
  });
});
