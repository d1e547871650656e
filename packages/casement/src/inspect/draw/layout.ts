import type { Arrow, Box, Drawing, Frame, Line } from './drawing.ts';

/** Where a box or a frame stands, in pixels. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly { readonly box: Box; readonly area: Area }[];
  readonly frames: readonly { readonly frame: Frame; readonly area: Area }[];
  readonly arrows: readonly { readonly arrow: Arrow; readonly points: readonly Point[] }[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

const MARGIN = 20;
export const LINE_HEIGHT = 16;
const PADDING = { x: 12, y: 8 };
/** Wide enough for the fonts of the style sheet. */
const LETTER = { name: 7.7, op: 7.2, param: 6.6, type: 6.6 } satisfies Record<Line['style'], number>;

/** Layers from top to bottom, along the arrows. */
export async function layoutDrawing({ boxes, frames, arrows }: Drawing): Promise<Layout> {
  const { Graph, layout } = await import('@dagrejs/dagre'); // only pictures need it
  const graph = new Graph({ compound: true });
  graph.setGraph({ rankdir: 'TB', nodesep: 28, ranksep: 34, edgesep: 18, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of frames) graph.setNode(id, {});
  for (const { id, lines } of boxes) graph.setNode(id, sizeOf(lines));
  for (const { id, frame } of [...frames, ...boxes]) if (frame !== undefined) graph.setParent(id, frame);
  // A residual gives way to what it goes around.
  for (const { from, to, kind } of arrows) graph.setEdge(from, to, { weight: kind === 'flow' ? 2 : 1 });
  layout(graph);
  // dagre's own size leaves out bends.
  const pointsOf = ({ from, to }: Arrow): readonly Point[] => graph.edge(from, to).points ?? [];
  const bends = arrows.flatMap(pointsOf);
  const { width = 0, height = 0 } = graph.graph();
  const shift = MARGIN - Math.min(MARGIN, ...bends.map(({ x }) => x));
  const areaOf = (id: string): Area => {
    const { x, y, width, height } = graph.node(id);
    return { left: x - width / 2 + shift, top: y - height / 2, width, height };
  };
  return {
    width: Math.max(width, ...bends.map(({ x }) => x + MARGIN)) + shift,
    height,
    boxes: boxes.map((box) => ({ box, area: areaOf(box.id) })),
    frames: frames.map((frame) => ({ frame, area: withTitle(areaOf(frame.id)) })),
    arrows: arrows.map((arrow) => ({ arrow, points: pointsOf(arrow).map(({ x, y }) => ({ x: x + shift, y })) })),
  };
}

/** Room for a frame's name above what it holds. */
function withTitle({ left, top, width, height }: Area): Area {
  return { left, top: top - LINE_HEIGHT, width, height: height + LINE_HEIGHT };
}

function sizeOf(lines: readonly Line[]): { width: number; height: number } {
  const widths = lines.map(({ text, style }) => text.length * LETTER[style]);
  return {
    width: Math.ceil(Math.max(...widths, 28)) + 2 * PADDING.x,
    height: lines.length * LINE_HEIGHT + 2 * PADDING.y,
  };
}
