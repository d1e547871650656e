/**
 * CUDA kernels of ONNX Runtime 1.30 for opset 23 (docs/OperatorKernels.md of its sources), as far as our models need
 * them: per operator the type variable of each operand and result (`-` is of no kernel's concern), and what each
 * variable may be.
 */
interface Kernel {
  /** The last one stands for all that follow. */
  readonly operands: string;
  readonly results: string;
  readonly types: Readonly<Record<string, string>>;
}

const FLOATS = 'f32 f16 bf16';
const NUMBERS = `${FLOATS} i32 i64`;
const ANY = `${NUMBERS} bool u8`;

const same = (types: string): Kernel => ({ operands: 'T', results: 'T', types: { T: types } });
const first = (types: string): Kernel => ({ operands: 'T -', results: 'T', types: { T: types } });

export const cudaKernels: Readonly<Record<string, Kernel>> = {
  Add: same(`${NUMBERS} u8`), // 14+
  Attention: { operands: 'T T T U T T', results: 'T T T', types: { T: FLOATS, U: `${FLOATS} bool` } }, // 23
  Cast: { operands: 'T', results: 'U', types: { T: ANY, U: ANY } }, // 23+
  Concat: same(ANY), // 13+
  ConstantOfShape: { operands: '-', results: 'T', types: { T: ANY } }, // 9+
  Cos: same('f32 f16'), // 7+
  Equal: { operands: 'T T', results: 'U', types: { T: 'bool f32 f16 i32 i64', U: 'bool' } }, // 13+
  Floor: same('f32 f16'), // 13+
  Gather: { operands: 'T I', results: 'T', types: { T: ANY, I: 'i32 i64' } }, // 13+
  Gelu: same(FLOATS), // 20+
  Mul: same(`${NUMBERS} u8`), // 14+
  RMSNormalization: same(FLOATS), // 23+
  ReduceSum: first(NUMBERS), // 13+
  Reshape: first(ANY), // 23+
  RotaryEmbedding: { operands: 'T T T M', results: 'T', types: { T: FLOATS, M: 'i64' } }, // 23+
  ScatterND: { operands: 'T - T', results: 'T', types: { T: ANY } }, // 18+
  Shape: { operands: 'T', results: '-', types: { T: ANY } }, // 23+
  Sin: same('f32 f16'), // 7+
  Slice: first(ANY), // 13+
  Split: first(ANY), // 18+
  Transpose: same(ANY), // 23+
  'com.microsoft:FusedMatMul': same(FLOATS),
  'com.microsoft:GatherBlockQuantized': {
    operands: 'Q I S Q',
    results: 'S',
    types: { Q: 'u8', I: 'i32 i64', S: FLOATS },
  },
  'com.microsoft:GroupQueryAttention': {
    operands: 'T T T C C M M T T',
    results: 'T C C',
    types: { T: 'f16 bf16', C: 'f16 bf16', M: 'i32' },
  },
  'com.microsoft:MatMulNBits': { operands: 'T Q T Q M T', results: 'T', types: { T: FLOATS, Q: 'u8', M: 'i32' } },
  'com.microsoft:QuickGelu': same(FLOATS),
  'com.microsoft:SkipSimplifiedLayerNormalization': same(FLOATS),
};
