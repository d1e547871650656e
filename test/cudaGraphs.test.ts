import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ELEM_TYPE } from '../packages/onnx/src/enums.ts';
import { decodeModel, type Onnx } from '../packages/onnx/src/proto.ts';
import { cudaKernels } from './support/cudaKernels.ts';
import { lowerFixture } from './support/lowerFixture.ts';

const fixtures = readdirSync(join(import.meta.dirname, 'fixtures'));
const FORBIDDEN = ['Cast', 'Shape', 'Concat', 'Transpose', 'If', 'Loop'];

/**
 * Nodes of a layer beyond 10, and 6 for a fusion layer. No kernel for CUDA takes a bias where `FusedMatMul` and
 * `MatMulNBits` multiply (they have none, or refuse it), nor does attention; and a norm of its own is a node of its own.
 */
function allowance(name: string): { readonly nodes: number; readonly why: string } {
  if (name.includes('qwen')) return { nodes: 1, why: ', and one that adds the biases of q, k and v' };
  if (name === 'casa-before') return { nodes: 1, why: ", and the fusion layer's own norm" };
  return { nodes: 0, why: '' };
}

async function graphsOf(name: string, dtype: 'f16' | 'bf16'): Promise<ReadonlyMap<string, Onnx.IGraphProto>> {
  const { files } = await lowerFixture(name, dtype, 'ort');
  return new Map([...files].map(([file, bytes]) => [file, decodeModel(bytes).graph ?? expect.fail(file)]));
}

describe.each(fixtures)('%s', (name) => {
  test.each(['f16', 'bf16'] as const)('every node has a CUDA kernel in %s', async (dtype) => {
    for (const [file, graph] of await graphsOf(name, dtype)) {
      const missing = (graph.node ?? []).flatMap((node) => problemsOf(node, typesOf(graph)));
      expect([...new Set(missing)], file).toEqual([]);
    }
  });

  const { nodes: extra, why } = allowance(name);

  test(`a decode step has 10 nodes a layer, 6 more with a fusion layer${why}`, async () => {
    const layers = perLayer((await graphsOf(name, 'f16')).get('step.onnx') ?? expect.fail('no step'));
    expect(layers.length).toBeGreaterThan(1);
    // The first layer's norm has no sum before it that it could be computed with.
    layers.forEach(({ nodes, fused }, i) => {
      expect(nodes, `layer ${i}`).toBeLessThanOrEqual(10 + (fused ? 6 : 0) + extra + (i === 0 ? 1 : 0));
    });
  });

  test('a decode step has no shape to compute, and inputs of fixed sizes', async () => {
    const step = (await graphsOf(name, 'f16')).get('step.onnx') ?? expect.fail('no step');
    const ops = (step.node ?? []).map(({ opType }) => opType ?? '');
    expect(ops.filter((op) => FORBIDDEN.includes(op))).toEqual([]);
    const dims = (step.input ?? []).flatMap(({ type }) => type?.tensorType?.shape?.dim ?? []);
    const names = new Set(dims.flatMap(({ dimParam }) => dimParam || []));
    // Only an image that is only read (`ca`) keeps its own length, which does not change while decoding.
    const allowed = name.startsWith('ca-') || name === 'ca' ? ['window', 'window_and_none'] : [];
    expect([...names].filter((each) => !['batch', 'seq', 'kept', ...allowed].includes(each))).toEqual([]);
  });
});

/**
 * Nodes of each layer that compute something from the tokens (angles are looked up once, for all layers), and whether it
 * has a fusion layer: two attentions, or one that is not the text's.
 */
function perLayer({ node }: Onnx.IGraphProto): readonly { readonly nodes: number; readonly fused: boolean }[] {
  const layers = new Map<number, Onnx.INodeProto[]>();
  const ofTokens = new Set(['input_ids']);
  for (const each of node ?? []) {
    if (!each.input?.some((input) => ofTokens.has(input))) continue;
    for (const output of each.output ?? []) if (output !== '') ofTokens.add(output);
    const index = /\blayers\.(\d+)/.exec(each.docString ?? '')?.[1];
    if (index !== undefined) layers.set(Number(index), [...(layers.get(Number(index)) ?? []), each]);
  }
  return [...layers]
    .sort(([a], [b]) => a - b)
    .map(([, nodes]) => {
      const attentions = nodes.filter(({ opType }) => opType === 'GroupQueryAttention' || opType === 'Attention');
      const own = nodes.some(({ docString }) => docString?.includes('casa_attn'));
      return { nodes: nodes.length, fused: own || attentions.length > 1 };
    });
}

function typesOf(graph: Onnx.IGraphProto): ReadonlyMap<string, string> {
  const names = new Map(Object.entries(ELEM_TYPE).map(([dtype, code]) => [code, dtype]));
  const infos = [...(graph.input ?? []), ...(graph.output ?? []), ...(graph.valueInfo ?? [])];
  return new Map([
    ...infos.map(({ name, type }) => [name ?? '', names.get(type?.tensorType?.elemType ?? 0) ?? '?'] as const),
    ...(graph.initializer ?? []).map((each) => [each.name ?? '', names.get(each.dataType ?? 0) ?? '?'] as const),
  ]);
}

function problemsOf(node: Onnx.INodeProto, types: ReadonlyMap<string, string>): string[] {
  const op = node.domain ? `${node.domain}:${node.opType}` : (node.opType ?? '');
  const kernel = cudaKernels[op];
  if (kernel === undefined) return [`no kernel for ${op}`];
  const check = (names: readonly string[], signature: string) =>
    names.flatMap((name, i) => {
      const variables = signature.split(' ');
      const variable = variables[Math.min(i, variables.length - 1)] ?? '-';
      const type = types.get(name);
      if (name === '' || variable === '-') return [];
      const allowed = kernel.types[variable]?.split(' ') ?? [];
      return type !== undefined && allowed.includes(type) ? [] : [`${op} of ${type}`];
    });
  return [...check(node.input ?? [], kernel.operands), ...check(node.output ?? [], kernel.results)];
}
