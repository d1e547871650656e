import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly name: string;
  readonly license: string;
  readonly sideEffects: boolean;
  readonly engines: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
}

/** Scoped, so that no tool of a user's asks for it: bundlers know `source`, and would get TypeScript. */
const SOURCE = '@casement/source';

const root = new URL('../packages/', import.meta.url);

describe.each(readdirSync(root))('package %s', (folder) => {
  const at = (path: string) => new URL(`${folder}/${path}`, root);
  // The cast states what npm requires of a manifest; the assertions below check the rest.
  const manifest = JSON.parse(readFileSync(at('package.json'), 'utf8')) as Manifest;

  it('is named after its folder and carries what npm shows', () => {
    expect(manifest.name).toBe(folder === 'casement' ? 'casement' : `@casement/${folder}`);
    expect(manifest).toMatchObject({ license: 'MIT', sideEffects: false, engines: { node: '>=20.11' } });
    expect(readFileSync(at('LICENSE'), 'utf8')).toBe(readFileSync(new URL('../LICENSE', root), 'utf8'));
    expect(existsSync(at('README.md'))).toBe(true);
  });

  it('offers its source first, and its build beside it', () => {
    for (const target of Object.values(manifest.exports)) {
      if (typeof target === 'string') continue;
      expect(Object.keys(target)).toEqual([SOURCE, 'types', 'default']);
      expect(existsSync(at(target[SOURCE] ?? ''))).toBe(true);
      expect(target.default).toBe(target[SOURCE]?.replace('./src/', './dist/').replace(/\.ts$/, '.js'));
      expect(target.types).toBe(target.default?.replace(/\.js$/, '.d.ts'));
    }
  });

  it('has its commands in the tree, so that npm links them before anything is built', () => {
    for (const path of Object.values(manifest.bin ?? {})) expect(existsSync(at(path))).toBe(true);
  });
});
