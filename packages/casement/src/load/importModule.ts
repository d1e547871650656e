import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';

const INLINE_MAP = /\/\/# sourceMappingURL=data:application\/json;charset=utf-8;base64,([\w+/=]+)\s*$/;

interface MappedFile {
  readonly map: SourceMap;
  readonly lines: readonly string[];
}

/**
 * The default export of a TypeScript or JavaScript module of the user's. While it loads, and while `use` runs, places in
 * stack traces are those of the user's source, so that errors of the DSL point at it. Throws what the module throws.
 */
export async function importModule<T>(path: string, use: (exported: unknown) => Promise<T>): Promise<T> {
  const files = new Map<string, MappedFile>();
  const options = {
    sourceMaps: true,
    fsCache: false,
    moduleCache: false,
    // A model file may lie where nothing is installed; then this very package serves it.
    alias: { casement: ownEntry() },
  };
  const transformer = createJiti(import.meta.url, options);
  const jiti = createJiti(import.meta.url, {
    ...options,
    transform: (input) => {
      const code = transformer.transform(input);
      const map = INLINE_MAP.exec(code)?.[1];
      if (map !== undefined && input.filename !== undefined) {
        const json = JSON.parse(Buffer.from(map, 'base64').toString());
        files.set(input.filename, { map: new SourceMap(json), lines: input.source.split('\n') });
      }
      return { code };
    },
  });
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (error, frames) =>
    [String(error), ...frames.map((frame) => printFrame(frame, files))].join('\n');
  try {
    return await use(await jiti.import(path, { default: true }));
  } finally {
    Error.prepareStackTrace = before;
  }
}

function ownEntry(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`../index.${extension}`, import.meta.url));
}

/** A line of a stack, at the place in the source where its call begins: V8 points behind the callee. */
function printFrame(frame: NodeJS.CallSite, files: ReadonlyMap<string, MappedFile>): string {
  const file = frame.getFileName() ?? '';
  const known = files.get(file);
  const at = known?.map.findEntry((frame.getLineNumber() ?? 1) - 1, (frame.getColumnNumber() ?? 1) - 1);
  if (known === undefined || at === undefined || !('originalLine' in at)) return `    at ${frame}`;
  const text = known.lines[at.originalLine] ?? '';
  let column = at.originalColumn;
  while (column > 0 && /[\w$]/.test(text[column - 1] ?? '')) column--;
  return `    at ${file}:${at.originalLine + 1}:${column + 1}`;
}
