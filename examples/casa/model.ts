import { decoder } from 'casement';

/** A small Llama with a CASA layer in every block. Change `attention` to 'ca' or `order` to 'before', and build again. */
export default decoder({
  name: 'casa-example',
  vocab: 256,
  hidden: 64,
  ffn: 176,
  layers: 4,
  heads: 4,
  kvHeads: 2,
  headDim: 16,
  norm: { eps: 1e-8, scaleInF32: false },
  rope: { theta: 20000, layout: 'half' },
  bias: { qkv: false, o: false, mlp: false },
  tied: false,
  fusion: { attention: 'casa', order: 'parallel', shared: false, updateImages: false },
  capacity: { text: 4096, window: 2048, image: 1024, chunk: 128 },
});
