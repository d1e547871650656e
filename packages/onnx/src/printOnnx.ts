import { DTYPES, type DType } from '@casement/ir';
import { ELEM_TYPE, EXTERNAL } from './enums.ts';
import { decodeModel, type Onnx } from './proto.ts';

/** Values of longer initializers are not printed. */
const SHOWN_VALUES = 8;

/**
 * A model as text, one line per input, initializer, node and output, for golden files and for people:
 *
 *     input  input_ids : i64[1 seq]
 *     weight embed.weight : f32[16 8] = model-0.safetensors @ 128 + 512
 *     gather_0 : f32[1 seq 8] = Gather(embed.weight, input_ids) {axis=0}
 */
export function printOnnx(model: Uint8Array): string {
  const { irVersion, opsetImport, graph } = decodeModel(model);
  const opsets = opsetImport.map(({ domain, version }) => `${domain || 'ai.onnx'} ${version}`);
  const { name, input, output, initializer, node, valueInfo } = graph ?? {};
  const types = new Map([...(valueInfo ?? []), ...(output ?? [])].map((info) => [info.name ?? '', printType(info)]));
  const lines = [
    `graph ${name} (ir ${irVersion}, ${opsets.join(', ')})`,
    ...(input ?? []).map((info) => `input  ${info.name} : ${printType(info)}`),
    ...(initializer ?? []).map(printInitializer),
    '',
    ...printNodes(node ?? [], types),
    '',
    ...(output ?? []).map((info) => `output ${info.name} : ${printType(info)}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Nodes in order, under a heading wherever the scope changes; a blank line where there is none. */
function printNodes(nodes: readonly Onnx.INodeProto[], types: ReadonlyMap<string, string>): string[] {
  let where = '';
  return nodes.flatMap((node) => {
    const heading = node.docString ? `# ${node.docString.replaceAll('\n', ' | ')}` : '';
    const lines = heading === where ? [] : [heading];
    where = heading;
    return [...lines, printNode(node, types)];
  });
}

function printNode(node: Onnx.INodeProto, types: ReadonlyMap<string, string>): string {
  const results = (node.output ?? []).map((name) => (name === '' ? '_' : `${name} : ${types.get(name) ?? '?'}`));
  const attrs = (node.attribute ?? []).map((attribute) => `${attribute.name}=${printAttribute(attribute)}`);
  const braces = attrs.length === 0 ? '' : ` {${attrs.join(', ')}}`;
  const operands = (node.input ?? []).map((name) => name || '_').join(', ');
  const domain = node.domain ? `${node.domain}:` : '';
  return `${results.join(', ')} = ${domain}${node.opType}(${operands})${braces}`;
}

function printAttribute(attribute: Onnx.IAttributeProto): string {
  const { s, t, ints } = attribute;
  if (s && s.length > 0) return JSON.stringify(new TextDecoder().decode(s));
  if (t) return printValues(t);
  if (ints && ints.length > 0) return `[${ints.join(' ')}]`;
  return attribute.f ? String(Number(attribute.f.toPrecision(7))) : String(attribute.i ?? 0);
}

function printInitializer(tensor: Onnx.ITensorProto): string {
  const isExternal = tensor.dataLocation === EXTERNAL;
  const head = `${isExternal ? 'weight' : 'const '} ${tensor.name} : ${dtypeName(tensor.dataType)}[${(tensor.dims ?? []).join(' ')}]`;
  if (!isExternal) return `${head} = ${printValues(tensor)}`;
  const data = new Map((tensor.externalData ?? []).map(({ key, value }) => [key, value]));
  return `${head} = ${data.get('location')} @ ${data.get('offset')} + ${data.get('length')}`;
}

function printValues({ dataType, rawData }: Onnx.ITensorProto): string {
  const bytes = rawData ?? new Uint8Array();
  const values = decodeValues(dtypeName(dataType), bytes);
  if (values === undefined || values.length > SHOWN_VALUES) return `${bytes.length} bytes`;
  return `[${values.join(' ')}]`;
}

function decodeValues(dtype: DType | undefined, bytes: Uint8Array): readonly (number | bigint)[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = <T>(size: number, at: (offset: number) => T) =>
    Array.from({ length: bytes.length / size }, (_, i) => at(i * size));
  switch (dtype) {
    case 'f32':
      return read(4, (at) => Number(view.getFloat32(at, true).toPrecision(7)));
    case 'i32':
      return read(4, (at) => view.getInt32(at, true));
    case 'i64':
      return read(8, (at) => view.getBigInt64(at, true));
    case 'u8':
    case 'bool':
      return [...bytes];
    default:
      return undefined;
  }
}

function printType({ type }: Onnx.IValueInfoProto): string {
  const tensor = type?.tensorType;
  const sizes = (tensor?.shape?.dim ?? []).map((dim) =>
    (dim.dimParam || String(dim.dimValue ?? 0)).replaceAll(' ', ''),
  );
  return `${dtypeName(tensor?.elemType)}[${sizes.join(' ')}]`;
}

function dtypeName(elemType: number | null | undefined): DType | undefined {
  return DTYPES.find((dtype) => ELEM_TYPE[dtype] === elemType);
}
