import { type Graph, type Node, type Program, printType, type Value } from '@casement/ir';
import { isWithin } from '@casement/passes';
import type { Arrow, Box, Drawing, Frame, Placed } from './drawing.ts';
import { blockLabel, nameIn, nodesLabel, readerLabel, sourceLabel } from './labels.ts';
import { type Part, partsOf } from './parts.ts';
import { residualArrows } from './residualArrows.ts';
import { stateBoxes } from './stateBoxes.ts';

/** What a picture of a scope of an entry shows; constants are left out. An empty scope is the whole entry. */
export function drawingOf(program: Program, graph: Graph, scope: string, depth: number): Drawing {
  const inside = scope === '' ? () => true : isWithin(scope);
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
  const constants = new Map([...producers].filter(([, { op }]) => op.name === 'constant'));
  const frames: Frame[] = [];
  const placed: Placed[] = [];

  const place = (part: Part, outer: string, frame: { readonly frame?: string }): void => {
    if (part.kind === 'block' && part.parts !== undefined) {
      frames.push({ id: part.scope, name: nameIn(outer, part.scope), ...frame });
      for (const inner of part.parts) place(inner, part.scope, { frame: part.scope });
      return;
    }
    const block = part.kind === 'block';
    const lines = block
      ? blockLabel(part.scope, nameIn(outer, part.scope), part.nodes)
      : nodesLabel(outer, part.nodes, constants);
    placed.push({ box: { id: `part${placed.length}`, kind: part.kind, lines, ...frame }, nodes: part.nodes });
  };
  const nodes = graph.nodes.filter((node) => inside(node) && node.op.name !== 'constant');
  const shown = (value: Value) => !constants.has(value);
  for (const part of partsOf(nodes, shown, scope, depth)) place(part, scope, {});

  const boxOf = new Map(placed.flatMap(({ box, nodes }) => nodes.map((node) => [node, box.id] as const)));
  const inputs = new Map<Value, Box>();
  const flows = new Map<string, Arrow>();
  const connect = (from: string, to: string) => flows.set(`${from}>${to}`, { from, to, kind: 'flow' });
  for (const { box, nodes } of placed) {
    for (const value of nodes.flatMap((node) => node.inputs)) {
      const producer = producers.get(value);
      if (value.kind === 'param' || value.kind === 'state' || constants.has(value)) continue;
      const from = producer && boxOf.get(producer);
      if (from !== undefined && from !== box.id) connect(from, box.id);
      if (from !== undefined || value.state !== undefined) continue;
      const input = inputs.get(value) ?? portBox(`input${inputs.size}`, 'input', sourceLabel(value, producer), value);
      inputs.set(value, input);
      connect(input.id, box.id);
    }
  }
  const outputs = outputsOf(graph, scope, inside, boxOf).map(({ value, label, from }, index) => {
    const box = portBox(`output${index}`, 'output', label, value);
    connect(from, box.id);
    return box;
  });
  const states = stateBoxes(program, placed, scope);
  return {
    boxes: [...inputs.values(), ...placed.map(({ box }) => box), ...outputs, ...states.boxes],
    frames,
    arrows: [...residualArrows([...flows.values()], placed), ...states.arrows],
  };
}

function portBox(id: string, kind: 'input' | 'output', label: string, { type }: Value): Box {
  return {
    id,
    kind,
    lines: [
      { text: label, style: 'name' },
      { text: printType(type), style: 'type' },
    ],
  };
}

/** What leaves the scope: the entry's outputs, and what nodes elsewhere read. */
function outputsOf(graph: Graph, scope: string, inside: (node: Node) => boolean, boxOf: ReadonlyMap<Node, string>) {
  const elsewhere = graph.nodes.filter((node) => !inside(node));
  return graph.nodes.filter(inside).flatMap((node) => {
    const from = boxOf.get(node);
    return node.outputs.flatMap((value) => {
      const names = graph.outputs.filter((output) => output.value === value).map(({ name }) => name);
      const readers = elsewhere.filter(({ inputs }) => inputs.includes(value));
      const label = [...names, ...(readers.length > 0 ? [readerLabel(scope, readers)] : [])].join(', ');
      return from === undefined || label === '' ? [] : [{ value, label, from }];
    });
  });
}
