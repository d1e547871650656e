import {
  add,
  argMax,
  block,
  broadcastTo,
  cast,
  concat,
  conv2d,
  div,
  entry,
  gelu,
  iota,
  less,
  lessOrEqual,
  matmul,
  model,
  mul,
  oneHot,
  or,
  quickGelu,
  reduceSum,
  reshape,
  slice,
  type TensorOf,
  transpose,
  upTo,
} from 'casement';
import { dense, multiHead, norm } from '../shared/layers.ts';
import { projectionsOf, type VitConfig, vitLayer } from '../shared/vit.ts';
import { readVistogConfig } from './config.ts';

/** Q semantic tokens gather the patches of an image: Q visual tokens instead of P (VisToG, arXiv 2411.17773). */
export default (config: unknown) => {
  const c = readVistogConfig(config);
  const eps = c.group_layer_norm_eps;
  const vit: VitConfig = {
    heads: 'heads',
    headDim: 'headDim',
    ffn: 'ffn',
    eps: c.layer_norm_eps,
    activation: quickGelu,
    norms: ['layer_norm1', 'layer_norm2'],
    attention: projectionsOf('self_attn', 'out_proj'),
  };

  /** [class; patches row by row] + positions */
  const embeddings = block(
    'vision.embeddings',
    {
      inputs: { pixels: 'float[batch channels height width]' },
      params: {
        class_embedding: 'float[hidden]',
        'patch_embedding.weight': 'float[hidden channels patchSize patchSize]',
        'position_embedding.weight': 'float[image hidden]',
      },
    },
    ({ pixels }, p) => {
      const grid = conv2d(pixels, p['patch_embedding.weight'], undefined, {
        stride: c.patch_size,
        to: ['rows', 'columns'],
      });
      const patches = transpose(reshape(grid, ['batch', 'hidden', 'patches']), ['batch', 'patches', 'hidden']);
      const classRow = broadcastTo(p.class_embedding, ['batch', 1, 'hidden']);
      return add(concat([classRow, patches], 1, 'image'), p['position_embedding.weight']);
    },
  );

  /** Rows of the image do not see the semantic tokens behind them, which see all: the image is as if these were not there. */
  const isolation = (x: TensorOf<'float[batch image+groups hidden]'>) => {
    const at = iota(x, 'image+groups');
    const row = reshape(at, [1, 1, 'image+groups', 1]);
    const column = reshape(at, [1, 1, 1, 'image+groups']);
    const image = 1 + (c.image_size / c.patch_size) ** 2;
    return or(lessOrEqual(image, row), less(column, image));
  };

  /** u = t + W(the sum of a group's values / (its size + eps)): every patch goes to the group it is most similar to. */
  const assign = block(
    'assign',
    { inputs: { t: 'float[batch groups hidden]', k: 'float[batch patches hidden]' } },
    ({ t, k }) => {
      const keys = transpose(dense(k, 'k_proj', 'hidden'), ['batch', 'hidden', 'patches']);
      const similarity = mul(matmul(dense(t, 'q_proj', 'hidden'), keys), c.hidden_size ** -0.5);
      const assignment = argMax(similarity, 'groups');
      const members = transpose(oneHot(assignment, 'groups'), ['batch', 'groups', 'patches']);
      const weights = cast(members, 'float');
      const sizes = reduceSum(weights, 'patches', { keepDims: true });
      const means = matmul(div(weights, add(sizes, c.assign_eps)), dense(k, 'v_proj', 'hidden'));
      return {
        similarity,
        assignment,
        sizes: reduceSum(cast(members, 'i32'), 'patches'),
        u: add(t, dense(means, 'proj', 'hidden')),
      };
    },
  );

  /** Semantic tokens mix over their own axis, read the patches, and are given theirs. */
  const group = block(
    'group',
    { inputs: { patches: 'float[batch patches hidden]', semantic: 'float[batch groups hidden]' } },
    ({ patches, semantic }) => {
      const k = norm(patches, 'norm_x', eps);
      const across = transpose(norm(semantic, 'norm_tokens', eps), ['batch', 'hidden', 'groups']);
      const mixed = dense(gelu(dense(across, 'mlp_inter.fc1', 'assignFfn')), 'mlp_inter.fc2', 'groups');
      const tokens = norm(transpose(mixed, ['batch', 'groups', 'hidden']), 'norm_post_tokens', eps);
      const read = add(tokens, multiHead(tokens, k, projectionsOf('pre_assign_attn.attn', 'out_proj'), vit));
      const wide = gelu(dense(norm(read, 'pre_assign_attn.norm2', eps), 'pre_assign_attn.mlp.fc1', 'ffn'));
      const t = norm(add(read, dense(wide, 'pre_assign_attn.mlp.fc2', 'hidden')), 'pre_assign_attn.norm_post', eps);
      const { u, ...assigned } = assign({ t, k });
      const channels = gelu(dense(norm(u, 'norm_new_x', eps), 'mlp_channels.fc1', 'channelFfn'));
      return { ...assigned, groups: add(u, dense(channels, 'mlp_channels.fc2', 'hidden')) };
    },
  );

  const forward = entry(
    {
      inputs: { pixel_values: 'float[batch channels height width]' },
      params: { semantic_tokens: 'float[groups hidden]' },
    },
    ({ pixel_values }, p) => {
      const semantic = broadcastTo(p.semantic_tokens, ['batch', 'groups', 'hidden']);
      const rows = concat([embeddings({ pixels: pixel_values }), semantic], 'image', 'image+groups');
      const start = norm(rows, 'vision.pre_layrnorm', c.layer_norm_eps);
      const visible = isolation(start);
      const x = Array.from({ length: c.num_hidden_layers }, (_, i) => `vision.encoder.layers.${i}`).reduce(
        (x, name) => vitLayer(x, name, vit, visible),
        start,
      );
      const semanticStates = slice(x, 'image+groups', { start: 'image', size: 'groups' });
      const patches = slice(x, 'image+groups', { start: 1, size: 'patches' });
      const { groups, similarity, assignment, sizes } = group({ patches, semantic: semanticStates });
      return {
        image_states: slice(x, 'image+groups', { start: 0, size: 'image' }),
        semantic_states: semanticStates,
        similarity,
        assignment,
        group_sizes: sizes,
        group_tokens: groups,
        visual_tokens: dense(groups, 'connector', 'lmHidden'),
      };
    },
  );

  const side = c.image_size / c.patch_size;
  return model('vistog', {
    dims: {
      batch: upTo(64),
      channels: c.num_channels,
      height: c.image_size,
      width: c.image_size,
      patchSize: c.patch_size,
      rows: side,
      columns: side,
      patches: side * side,
      image: 1 + side * side,
      groups: c.num_semantic_tokens,
      hidden: c.hidden_size,
      heads: c.num_attention_heads,
      headDim: c.hidden_size / c.num_attention_heads,
      ffn: c.intermediate_size,
      assignFfn: c.assign_token_mlp,
      channelFfn: c.assign_channel_mlp,
      lmHidden: c.lm_hidden_size,
    },
    entries: { forward },
  });
};
