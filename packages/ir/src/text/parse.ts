import type { DimBounds } from '../dim.ts';
import type { Op } from '../op.ts';
import { findOp } from '../ops/index.ts';
import type { Graph, Node, Output, Program, StateDecl, StateUse } from '../program.ts';
import type { Value } from '../value.ts';
import { Cursor } from './cursor.ts';
import { NAME, parseAttrs, parseOrigin, parseType } from './parts.ts';

/**
 * Reads what `printProgram` writes. Throws SyntaxError with line and column. The result is not verified; call
 * `verifyProgram`. `find` gives an op by name (default: the registry).
 */
export function parseProgram(text: string, find: (name: string) => Op | undefined = findOp): Program {
  const lines = text.split('\n').map((line, i) => ({ line, number: i + 1 }));
  const dims = new Map<string, DimBounds>();
  const params = new Map<string, Value>();
  const states = new Map<string, StateDecl>();
  const entries = new Map<string, Graph>();
  let name = '';
  let entry: EntryParser | undefined;
  for (const { line, number } of lines) {
    if (line.trim() === '') continue;
    const cursor = new Cursor(line, number);
    if (entry) {
      const graph = entry.line(cursor);
      if (graph) {
        entries.set(graph.name, graph);
        entry = undefined;
      }
    } else if (cursor.accept('program ')) name = cursor.match(/\S.*/, 'a name').trim();
    else if (cursor.accept('dim ')) parseDimDecl(cursor, dims);
    else if (cursor.accept('param ')) parseParam(cursor, params);
    else if (cursor.accept('state ')) parseState(cursor, states);
    else if (cursor.accept('entry ')) entry = new EntryParser(cursor, params, states, find);
    else cursor.fail('expected program, dim, param, state or entry');
  }
  if (entry) throw new SyntaxError(`line ${lines.length}: the last entry has no closing "}"`);
  return { name, dims, params, states, entries };
}

function parseDimDecl(cursor: Cursor, dims: Map<string, DimBounds>): void {
  const name = cursor.match(/\w+/, 'a dim name');
  cursor.expect('=');
  const min = Number(cursor.match(/\d+/, 'a number'));
  cursor.expect('..');
  const max = Number(cursor.match(/\d+/, 'a number'));
  const multipleOf = cursor.accept('step') ? Number(cursor.match(/\d+/, 'a number')) : 1;
  cursor.end();
  dims.set(name, { min, max, multipleOf });
}

function parseParam(cursor: Cursor, params: Map<string, Value>): void {
  cursor.expect('@');
  const name = cursor.match(NAME, 'a param name');
  cursor.expect(':');
  params.set(name, { kind: 'param', name, type: parseType(cursor) });
  cursor.end();
}

function parseState(cursor: Cursor, states: Map<string, StateDecl>): void {
  cursor.expect('$');
  const name = cursor.match(NAME, 'a state name');
  cursor.expect(':');
  const type = parseType(cursor);
  cursor.expect('axis');
  states.set(name, { name, type, axis: Number(cursor.match(/\d+/, 'an axis')) });
  cursor.end();
}

/** Reads the lines of one entry. */
class EntryParser {
  private readonly name: string;
  private readonly inputs: Value[] = [];
  private readonly nodes: Node[] = [];
  private readonly outputs: Output[] = [];
  private readonly values = new Map<string, Value>();
  private readonly starts = new Map<string, Value>();
  private readonly ends = new Map<string, Value>();

  constructor(
    cursor: Cursor,
    private readonly params: ReadonlyMap<string, Value>,
    private readonly states: ReadonlyMap<string, StateDecl>,
    private readonly find: (name: string) => Op | undefined,
  ) {
    this.name = cursor.match(/\w+/, 'an entry name');
    cursor.expect('(');
    while (!cursor.accept(')')) {
      if (this.inputs.length > 0) cursor.expect(',');
      const { name, type } = parseTyped(cursor);
      this.inputs.push(this.define({ kind: 'input', name, type }));
    }
    cursor.expect('{');
    cursor.end();
  }

  /** Consumes a line; the closing one gives the graph. */
  line(cursor: Cursor): Graph | undefined {
    if (cursor.accept('}')) {
      cursor.end();
      return this.finish();
    }
    if (cursor.accept('keep $')) {
      const state = cursor.match(NAME, 'a state name');
      this.start(state, cursor);
      cursor.expect('=');
      this.ends.set(state, this.operand(cursor));
    } else if (cursor.accept('return ')) {
      const name = cursor.match(NAME, 'an output name');
      cursor.expect('=');
      this.outputs.push({ name, value: this.operand(cursor) });
    } else this.node(cursor);
    cursor.end();
    return undefined;
  }

  private node(cursor: Cursor): void {
    const results = [parseTyped(cursor)];
    while (cursor.accept(',')) results.push(parseTyped(cursor));
    cursor.expect('=');
    const opName = cursor.match(/\w+/, 'an op');
    const op = this.find(opName) ?? cursor.reject(`unknown op "${opName}"`);
    cursor.expect('(');
    const inputs: Value[] = [];
    while (!cursor.accept(')')) {
      if (inputs.length > 0) cursor.expect(',');
      inputs.push(this.operand(cursor));
    }
    const attrs = parseAttrs(cursor);
    const state = op.updatesState ? inputs[0]?.state : undefined;
    const outputs = results.map(({ name, type }) =>
      this.define({ kind: 'result', name, type, ...(state === undefined ? {} : { state }) }),
    );
    this.nodes.push({ op, inputs, outputs, attrs, origin: parseOrigin(cursor) });
  }

  private operand(cursor: Cursor): Value {
    const sigil = cursor.match(/[%@$]/, 'a value (%, @ or $)');
    const name = cursor.match(NAME, 'a name');
    if (sigil === '$') return this.start(name, cursor);
    const value = sigil === '@' ? this.params.get(name) : this.values.get(name);
    return value ?? cursor.reject(`"${sigil}${name}" is not defined before this`);
  }

  private start(name: string, cursor: Cursor): Value {
    const known = this.starts.get(name);
    if (known) return known;
    const decl = this.states.get(name) ?? cursor.reject(`state "${name}" is not declared`);
    const start: Value = { kind: 'state', name, type: decl.type, state: name };
    this.starts.set(name, start);
    return start;
  }

  private define(value: Value): Value {
    this.values.set(value.name, value);
    return value;
  }

  private finish(): Graph {
    const states: StateUse[] = [...this.ends].map(([state, end]) => ({
      state,
      start: this.starts.get(state) ?? end,
      end,
    }));
    return { name: this.name, inputs: this.inputs, states, nodes: this.nodes, outputs: this.outputs };
  }
}

function parseTyped(cursor: Cursor): { name: string; type: Value['type'] } {
  cursor.expect('%');
  const name = cursor.match(NAME, 'a value name');
  cursor.expect(':');
  return { name, type: parseType(cursor) };
}
