/** A word of protobuf's text format that is no string, such as `TYPE_FP32`. */
export interface EnumValue {
  readonly enum: string;
}

export type TextValue = string | number | boolean | EnumValue | TextMessage | readonly TextValue[];

/** A protobuf message by field name; a list is a repeated field, and `map` makes entries of a map. */
export interface TextMessage {
  readonly [field: string]: TextValue | undefined;
}

/** Protobuf's text format, as Triton reads `config.pbtxt`. Source: protobuf.dev, "Text Format Language Specification". */
export function formatText(message: TextMessage, indent = ''): string {
  return Object.entries(message)
    .map(([field, value]) => (value === undefined ? '' : formatField(field, value, indent)))
    .join('');
}

/** The entries of a map field. */
export function mapField(entries: Readonly<Record<string, TextValue>>): TextMessage[] {
  return Object.entries(entries).map(([key, value]) => ({ key, value }));
}

function formatField(field: string, value: TextValue, indent: string): string {
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item === 'number')) return `${indent}${field}: [ ${value.join(', ')} ]\n`;
    return value.map((item: TextValue) => formatField(field, item, indent)).join('');
  }
  if (typeof value === 'string') return `${indent}${field}: ${JSON.stringify(value)}\n`;
  if (typeof value === 'number' || typeof value === 'boolean') return `${indent}${field}: ${value}\n`;
  if (isEnum(value)) return `${indent}${field}: ${value.enum}\n`;
  return `${indent}${field} {\n${formatText(value as TextMessage, `${indent}  `)}${indent}}\n`; // what is left
}

function isEnum(value: TextValue): value is EnumValue {
  return typeof value === 'object' && 'enum' in value && typeof value.enum === 'string';
}
