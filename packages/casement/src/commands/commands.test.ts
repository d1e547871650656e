import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addBuild } from './build.ts';
import { addImport } from './import.ts';
import { addInspect } from './inspect.ts';

const fixture = (name: string) => join(fileURLToPath(new URL('../../../../test/fixtures', import.meta.url)), name);

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'casement-commands-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = 0;
  await rm(dir, { recursive: true, force: true });
});

/** Runs a command as the shell would; gives what it prints and the exit status it leaves behind. */
async function casement(...argv: string[]): Promise<{ printed: string; status: number }> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  log.mockClear();
  process.exitCode = 0;
  const program = new Command().exitOverride();
  for (const add of [addBuild, addImport, addInspect]) add(program, new AbortController().signal);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  await program.parseAsync(argv, { from: 'user' });
  return { printed: log.mock.calls.flat().join('\n'), status: Number(process.exitCode) };
}

test('build --dry-run says what it would do, writes nothing, and exits with 1 if it would refuse', async () => {
  const good = await casement('build', fixture('casa'), '--dry-run', '--out', join(dir, 'out'));
  expect(good.printed).toContain('55 of 55 parameters matched');
  expect(good.status).toBe(0);

  const table = join(dir, 'names.json');
  await writeFile(table, '[{ "from": "self_attn", "to": "attn" }]');
  const bad = await casement('build', fixture('casa'), '--dry-run', '--rename', table);
  expect(bad.printed).toContain('39 of 55 parameters matched');
  expect(bad.printed).toContain('{"from":"\\\\.attn\\\\.","to":".self_attn."}');
  expect(bad.status).toBe(1);
  expect(await readdir(dir)).toEqual(['names.json']);
});

test('build without --out says so', async () => {
  await expect(casement('build', fixture('casa'))).rejects.toThrow("required option '--out <dir>' not specified");
});

test('import, inspect and plot a model file', async () => {
  const [file, plot, page] = ['model.ts', 'stream.svg', 'stream.html'].map((name) => join(dir, name));
  if (!file || !plot || !page) throw new Error('three names');
  await casement('import', fixture('casa'), '--out', file);
  const stream = ['--frames', '3', '--image-tokens', '32', '--text-tokens', '2'];
  const fromFile = await casement('inspect', file, ...stream, '--json', '--plot', plot);
  const fromFolder = await casement('inspect', fixture('casa'), ...stream, '--json', '--plot', page);
  expect(JSON.parse(fromFile.printed)).toEqual(JSON.parse(fromFolder.printed));
  expect(JSON.parse(fromFile.printed).stream.fusions[0].frames[2]).toMatchObject({ frame: 3, textLength: 3 * 34 });
  const svg = await readFile(plot, 'utf8');
  expect(svg).toMatch(/^<svg /);
  expect(await readFile(page, 'utf8')).toContain(svg);
});

test('a plot is an SVG or a page', async () => {
  const plot = join(dir, 'stream.png');
  await expect(casement('inspect', fixture('casa'), '--frames', '1', '--plot', plot)).rejects.toThrow(
    /\.svg or \.html/,
  );
  expect(existsSync(plot)).toBe(false);
});
