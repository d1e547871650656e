import {
  abs,
  add,
  block,
  broadcastTo,
  cast,
  concat,
  constant,
  conv2d,
  div,
  gather,
  iota,
  less,
  matmul,
  max,
  mul,
  reduceSum,
  reshape,
  slice,
  sub,
  type Tensor,
  type TensorOf,
  transpose,
} from 'casement';

/** Names of the sizes of a canvas's grid of patches; the types go by the short ones. */
export function gridNames(patchSize: number) {
  const rows = `floor(height/${patchSize})` as 'rows';
  const columns = `floor(width/${patchSize})` as 'columns';
  return { rows, columns, patches: `${rows}*${columns}` as 'patches', image: `1+${rows}*${columns}` as 'image' };
}

/**
 * ViLT's image rows under `vilt.embeddings`: [class; patches of the canvas] with positions, and which of them are there.
 * Images lie top left on their canvas; where `pixel_mask` is 0 at a patch's first pixel, the canvas is empty.
 */
export function imageEmbeddings({ patchSize, side }: { readonly patchSize: number; readonly side: number }) {
  const { rows, columns, patches, image } = gridNames(patchSize);
  return block(
    'embeddings',
    {
      inputs: { pixels: 'float[batch channels height width]', pixelMask: 'i32[batch height width]' },
      params: {
        cls_token: 'float[1 1 hidden]',
        position_embeddings: 'float[1 1+side*side hidden]',
        'patch_embeddings.projection.weight': 'float[hidden channels patch patch]',
        'patch_embeddings.projection.bias': 'float[hidden]',
      },
    },
    ({ pixels, pixelMask }, p) => {
      const [weight, bias] = [p['patch_embeddings.projection.weight'], p['patch_embeddings.projection.bias']];
      const map = conv2d(pixels, weight, bias, { stride: patchSize, to: [rows, columns] });
      const [row, column] = [iota(map, rows), iota(map, columns)];

      const sampledRows = gather(pixelMask, 'height', mul(row, patchSize));
      const valid = cast(less(0, gather(sampledRows, 'width', mul(column, patchSize))), 'i32');
      const height = reduceSum(slice(valid, columns, { start: 0, size: 1 }), rows);
      const width = reduceSum(slice(valid, rows, { start: 0, size: 1 }), columns);

      const table = slice(p.position_embeddings, '1+side*side', { start: 1, size: 'side*side' });
      const positions = resized(table, hats(row, height, side), hats(column, width, side));
      const there = reshape(cast(valid, 'float'), ['batch', rows, columns, 1]);
      const cells = add(transpose(map, ['batch', rows, columns, 'hidden']), mul(positions, there));

      const first = slice(p.position_embeddings, '1+side*side', { start: 0, size: 1 });
      const classRow = broadcastTo(add(p.cls_token, first), ['batch', 1, 'hidden']);
      const classMask = broadcastTo(constant(valid, 'i32', [1, 1], [1]), ['batch', 1]);
      return {
        embeds: concat([classRow, reshape(cells, ['batch', patches, 'hidden'])], 1, image),
        mask: concat([classMask, reshape(valid, ['batch', patches])], 1, image),
      };
    },
  );
}

/**
 * How much of each of the `side` positions goes into each place, for images of `size` [batch 1] places: bilinear with
 * align_corners, so place r lies at s = r·(side−1)/(size−1) (0 if the size is 1), and position i weighs max(0, 1 − |s − i|).
 */
function hats<N extends string>(
  place: Tensor<'i32', readonly [N]>,
  size: TensorOf<'i32[batch 1]'>,
  side: number,
): Tensor<'float', readonly ['batch', N, 'side']> {
  const [name] = place.shape;
  const steps: Tensor<'float'> = cast(max(sub(size, 1), 1), 'float');
  const corner: Tensor<'float'> = mul(cast(place, 'float'), side - 1);
  const source: Tensor<'float'> = reshape(div(corner, steps), ['batch', name, 1]);
  const position: Tensor<'float'> = constant(place, 'float', ['side'], [...Array(side).keys()]);
  const distance: Tensor<'float'> = abs(sub(source, position));
  return reshape(max(sub(1, distance), 0), ['batch', name, 'side']);
}

/** [side·side hidden] positions, brought to [rows columns] by the weights of both directions. */
function resized(
  table: TensorOf<'float[1 side*side hidden]'>,
  byRow: TensorOf<'float[batch rows side]'>,
  byColumn: TensorOf<'float[batch columns side]'>,
): TensorOf<'float[batch rows columns hidden]'> {
  const [, rows] = byRow.shape;
  const [, columns] = byColumn.shape;
  const wide = matmul(byRow, reshape(table, ['side', 'side*hidden']));
  const cells = reshape(wide, ['batch', rows, 'side', 'hidden']);
  return matmul(reshape(byColumn, ['batch', 1, columns, 'side']), cells);
}
