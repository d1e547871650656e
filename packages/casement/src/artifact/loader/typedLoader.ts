import type { EntrySpec, Manifest, TensorSpec } from '@casement/runtime';
import { type CodeBlockWriter, IndentationText, NewLineKind, Project, QuoteKind } from 'ts-morph';

/** The loader that an artifact carries: a module, and its types. */
export interface TypedLoader {
  readonly 'index.js': string;
  readonly 'index.d.ts': string;
}

/** `files`: names of what the WebGPU bundle consists of, and of what lies between people and the model. */
export function typedLoader(manifest: Manifest, files: readonly string[]): TypedLoader {
  const project = new Project({
    useInMemoryFileSystem: true,
    manipulationSettings: {
      indentationText: IndentationText.TwoSpaces,
      newLineKind: NewLineKind.LineFeed,
      quoteKind: QuoteKind.Single,
    },
  });
  const module = project.createSourceFile('index.js', (writer) => writeModule(writer, manifest, files));
  const types = project.createSourceFile('index.d.ts', (writer) => writeTypes(writer, manifest));
  return { 'index.js': module.getFullText(), 'index.d.ts': types.getFullText() };
}

const HEADER = '// Written by casement build, anew at every build.';

function writeModule(writer: CodeBlockWriter, manifest: Manifest, files: readonly string[]): void {
  writer.writeLine(HEADER).writeLine("import { loadArtifact, openSource } from '@casement/runtime';").blankLine();
  writer.writeLine(`export const manifest = ${JSON.stringify(manifest, null, 2)};`).blankLine();
  writer.writeLine('// Written out file by file, so that bundlers find the files and take them along.');
  writer.write('export const files = ').inlineBlock(() => {
    for (const file of files) {
      writer.writeLine(`${quoted(file)}: new URL(${quoted(`./${file}`)}, import.meta.url).href,`);
    }
  });
  writer.write(';').blankLine();
  writer.write('export function load(options = {}) ').block(() => {
    writer.writeLine('return loadArtifact(manifest, { source: openSource(files), ...options });');
  });
}

function writeTypes(writer: CodeBlockWriter, manifest: Manifest): void {
  const counters = [...new Set(manifest.states.map(({ dim }) => dim))];
  writer.writeLine(HEADER);
  writer
    .writeLine("import type { ArtifactOptions, Manifest, Tensor, TypedModel } from '@casement/runtime';")
    .blankLine();
  writer.writeLine(`/** What the entries of \`${manifest.name}\` take and give. */`);
  writer.write('export interface Entries ').block(() => {
    for (const [name, entry] of Object.entries(manifest.entries)) {
      writer.write(`${key(name)}: `).inlineBlock(() => writeEntry(writer, entry));
      writer.write(';').newLine();
    }
  });
  writer.blankLine();
  writer.writeLine('/** Dims that count what the states hold. */');
  writer.writeLine(`export type Counter = ${union(counters)};`).blankLine();
  writer.writeLine('export type Model = TypedModel<Entries, Counter>;').blankLine();
  writer.writeLine(`export type LoadOptions = Partial<ArtifactOptions>;`).blankLine();
  writer.writeLine('export declare const manifest: Manifest;').blankLine();
  writer.writeLine("/** Addresses of the artifact's files, beside this module or where a bundler has put them. */");
  writer.writeLine('export declare const files: Readonly<Record<string, string>>;').blankLine();
  writer.writeLine('/**');
  writer.writeLine(
    ' * Loads the model onto a GPU: the device or adapter of the options, or else the one that the browser gives. Throws',
  );
  writer.writeLine(' * RuntimeError when that cannot be, or the reason of the signal.');
  writer.writeLine(' */');
  writer.writeLine('export declare function load(options?: LoadOptions): Promise<Model>;');
}

/** `{}` would take anything. */
const NOTHING = { inputs: 'Record<string, never>', outputs: 'Record<never, never>' };

function writeEntry(writer: CodeBlockWriter, { inputs, outputs }: EntrySpec): void {
  for (const [kind, tensors] of [['inputs', inputs] as const, ['outputs', outputs] as const]) {
    if (tensors.length === 0) {
      writer.writeLine(`${kind}: ${NOTHING[kind]};`);
      continue;
    }
    writer.write(`${kind}: `).inlineBlock(() => {
      for (const tensor of tensors) {
        writer.writeLine(`/** ${describe(tensor)} */`);
        writer.writeLine(
          `${key(tensor.name)}: Tensor<'${tensor.dtype}', [${tensor.shape.map(elementType).join(', ')}]>;`,
        );
      }
    });
    writer.write(';').newLine();
  }
}

/** `i32[batch seq]`, and below what indices are. */
function describe({ dtype, shape, below }: TensorSpec): string {
  return `\`${dtype}[${shape.join(' ')}]\`${below === undefined ? '' : `, each below ${below}`}`;
}

/** Sizes that are names label their places; other expressions are just numbers. */
function elementType(size: number | string): string {
  if (typeof size === 'number') return String(size);
  return IDENTIFIER.test(size) ? `${size}: number` : 'number';
}

function key(name: string): string {
  return IDENTIFIER.test(name) ? name : quoted(name);
}

function union(names: readonly string[]): string {
  return names.map(quoted).join(' | ') || 'never';
}

/** A JavaScript string in single quotes. */
function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

const IDENTIFIER = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u;
