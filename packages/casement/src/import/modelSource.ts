import type { DecoderConfig, ParsedConfig, VisionConfig } from '@casement/models';
import { type CodeBlockWriter, IndentationText, NewLineKind, Project, QuoteKind } from 'ts-morph';
import { decoderNotes, visionNotes } from './notes.ts';

/** What a config holds: sizes, flags, names, and small groups of them. */
type Entry = number | boolean | string | readonly number[] | Fields | undefined;
interface Fields {
  readonly [field: string]: Entry;
}
type Notes = Readonly<Record<string, readonly string[]>>;

/**
 * A model file for a checkpoint, as a person would write it: the definition with every size, and comments where a name
 * does not say enough. `file` and `checkpoint` are what its header tells the reader to build.
 */
export function modelSource(
  parsed: ParsedConfig,
  names: { readonly file: string; readonly checkpoint: string },
): string {
  const project = new Project({
    useInMemoryFileSystem: true,
    manipulationSettings: {
      indentationText: IndentationText.TwoSpaces,
      newLineKind: NewLineKind.LineFeed,
      quoteKind: QuoteKind.Single,
    },
  });
  const source = project.createSourceFile('model.ts');
  const make = parsed.vision ? 'visionLanguageModel' : 'decoder';
  source.addImportDeclaration({ moduleSpecifier: 'casement', namedImports: [make] });
  source.addExportAssignment({
    isExportEquals: false,
    leadingTrivia: (writer) => writeHeader(writer, parsed.text.name, names),
    expression: (writer) => {
      writer.write(`${make}(`).inlineBlock(() => writeModel(writer, parsed));
      writer.write(')');
    },
  });
  // The writer indents a block inside an expression twice.
  source.formatText({ indentSize: 2 });
  return source.getFullText();
}

function writeHeader(
  writer: CodeBlockWriter,
  model: string,
  { file, checkpoint }: { readonly file: string; readonly checkpoint: string },
): void {
  writer.writeLine('/**');
  writer.writeLine(
    ` * The model \`${model}\` of a checkpoint's config.json, yours to edit. Build it with the checkpoint's weights:`,
  );
  writer.writeLine(' *');
  writer.writeLine(` *     casement build ${file} --checkpoint ${checkpoint} --out dist/model`);
  writer.writeLine(' */');
}

function writeModel(writer: CodeBlockWriter, { text, vision }: ParsedConfig): void {
  if (vision === undefined) {
    writeFields(writer, textFields(text), decoderNotes);
    return;
  }
  writer.write('text: ').inlineBlock(() => writeFields(writer, textFields(text), decoderNotes));
  writer.write(',').newLine().blankLine();
  writer.writeLine('// The image encoder.');
  writer.write('vision: ').inlineBlock(() => writeFields(writer, visionFields(vision), visionNotes));
  writer.write(',').newLine();
}

/** One field a line, with its notes above it; what a group holds stays on its line. */
function writeFields(writer: CodeBlockWriter, fields: Fields, notes: Notes): void {
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    for (const note of notes[field] ?? []) writer.writeLine(`// ${note}`);
    writer.write(`${field}: `);
    writeValue(writer, value);
    writer.write(',').newLine();
  }
}

function writeValue(writer: CodeBlockWriter, value: Exclude<Entry, undefined>): void {
  if (typeof value === 'string') writer.quote(value);
  else if (typeof value === 'number') writer.write(numberText(value));
  else if (typeof value === 'boolean') writer.write(String(value));
  else if (isList(value)) writer.write(`[${value.map(numberText).join(', ')}]`);
  else writeGroup(writer, value);
}

function writeGroup(writer: CodeBlockWriter, fields: Fields): void {
  writer.write('{ ');
  let first = true;
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    writer.write(`${first ? '' : ', '}${field}: `);
    writeValue(writer, value);
    first = false;
  }
  writer.write(' }');
}

/** Very round and very small numbers as people write them: 1e6, 1e-6. */
function numberText(value: number): string {
  const short = (value >= 1e5 && value % 1e5 === 0) || value < 1e-3;
  return short && value !== 0 ? value.toExponential().replace('e+', 'e') : String(value);
}

/** The fields in the config's order. What a fusion does not do is left out: those are its defaults. */
function textFields(text: DecoderConfig): Fields {
  const { norm, rope, bias, capacity } = text;
  const fusion = text.fusion && Object.fromEntries(Object.entries(text.fusion).filter(([, value]) => value !== false));
  return { ...text, norm: { ...norm }, rope: { ...rope }, bias: { ...bias }, fusion, capacity: { ...capacity } };
}

function visionFields(vision: VisionConfig): Fields {
  return { ...vision, patch: { ...vision.patch }, norm: { ...vision.norm } };
}

function isList(value: readonly number[] | Fields): value is readonly number[] {
  return Array.isArray(value);
}
