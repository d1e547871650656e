import { type DType, drawTensor, evaluateNode, type HostTensor, makeNode, ops, seededRandom } from '@casement/ir';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeValues } from '../../../onnx/src/bytes.ts';
import { softwareDevice } from '../../test/dawn.ts';
import { type Block, denseOperand, type Operand } from '../operand.ts';
import { portableProfile } from '../profile.ts';
import { hostStorage, weightStorage } from '../storage.ts';
import type { StoredWeight } from '../storedWeight.ts';
import { KernelBuilder } from './kernelBuilder.ts';
import { readsBySteps, readWeight, type StepColumns } from './weightReader.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await softwareDevice();
});
afterAll(() => device.destroy());

const [ROWS, COLUMNS, BLOCK] = [5, 96, 32];
/** WebGPU's flags, which Node has no globals for. */
const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, storage: 128 };
const MAP_MODE_READ = 1;

const random = seededRandom(5);

/** Operands with the bytes that are bound for them. */
const bytes = new Map<Block, Uint8Array>();
function stored(tensor: HostTensor): Operand {
  const block: Block = { kind: 'weights', name: '', bytes: 0, place: undefined };
  const data = encodeValues(tensor.dtype, tensor.data);
  const padded = new Uint8Array(Math.ceil(data.length / 16) * 16);
  padded.set(data);
  bytes.set(block, padded);
  return denseOperand(block, weightStorage(tensor.dtype, portableProfile), tensor);
}

function plain(dtype: DType): [StoredWeight, HostTensor] {
  const tensor = drawTensor(dtype, [ROWS, COLUMNS], 'normal', random);
  return [{ numbers: stored(tensor), quantized: undefined, columns: COLUMNS, first: 0, rows: ROWS }, tensor];
}

function quantized(bits: 4 | 8, hasZeros: boolean): [StoredWeight, HostTensor] {
  const [blocks, whole] = [COLUMNS / BLOCK, { below: 256 }];
  const packed = drawTensor('u8', [ROWS, blocks, (BLOCK * bits) / 8], whole, random);
  const scales = drawTensor('f16', [ROWS, blocks], 'unit', random);
  const zeros = drawTensor('u8', [ROWS, Math.ceil((blocks * bits) / 8)], whole, random);
  const attrs = { bits, block: BLOCK, columns: COLUMNS };
  // In f32, since kernels do not round.
  const inputs: HostTensor[] = [packed, { ...scales, dtype: 'f32' }, ...(hasZeros ? [zeros] : [])];
  const values = inputs.map((type, i) => ({ kind: 'input', name: `x${i}`, type }) as const);
  const [weight] = evaluateNode(
    makeNode(ops.dequantize, values, attrs, { scope: '' }, () => 'y'),
    inputs,
    new Map(),
  );
  const zeroPoints = hasZeros ? stored(zeros) : undefined;
  return [
    {
      numbers: stored(packed),
      quantized: { attrs, scales: stored(scales), zeros: zeroPoints },
      columns: COLUMNS,
      first: 0,
      rows: ROWS,
    },
    weight ?? expect.fail(),
  ];
}

const formats: readonly (readonly [string, () => [StoredWeight, HostTensor]])[] = [
  ['f32', () => plain('f32')],
  ['f16', () => plain('f16')],
  ['bf16', () => plain('bf16')],
  ['q4', () => quantized(4, false)],
  ['q4 with zero points', () => quantized(4, true)],
  ['q8', () => quantized(8, false)],
  ['q8 with zero points', () => quantized(8, true)],
];
const cases = formats.flatMap(([name, make]) => ([4, 8, 32] as const).map((step) => [name, step, make] as const));

it.each(cases)('reads %s in steps of %s columns', async (_name, step, make) => {
  const [weight, wanted] = make();
  const positiveZero = (values: HostTensor['data']) => Array.from(values, (value) => value + 0);
  expect(positiveZero(await readAll(weight, step))).toEqual(positiveZero(wanted.data));
});

it('knows which weights come in steps', () => {
  const [weight] = plain('f32');
  expect(readsBySteps({ ...weight, columns: 40 }, 8)).toBe(true);
  expect(readsBySteps({ ...weight, columns: 40 }, 32)).toBe(false);
  expect(() => readWeight(new KernelBuilder('k', ''), 'w', { ...weight, columns: 12 }, 8)).toThrow(
    '12 columns do not come in steps of 8',
  );
});

/** What a kernel reads: the whole weight, scaled. */
async function readAll(weight: StoredWeight, step: StepColumns): Promise<Float32Array> {
  const kernel = new KernelBuilder('readAll', 'The whole weight.');
  const reader = readWeight(kernel, 'weight', weight, step);
  const result: Block = { kind: 'arena', name: 'y', bytes: 0, place: undefined };
  const y = denseOperand(result, hostStorage('f32'), { dtype: 'f32', shape: [ROWS, COLUMNS] });
  const store = kernel.write('y', y);
  const call = kernel.perThread(
    [ROWS],
    [
      `for (var s = 0u; s < ${reader.steps}; s++) {`,
      `  let head = ${reader.head('i', `s / ${reader.blockSteps}`)};`,
      `  var numbers = ${reader.step('i', 's', 'head')};`,
      `  for (var c = 0u; c < ${step}u; c++) {`,
      `    ${store(`i * ${COLUMNS}u + ${step}u * s + c`, `head.x * numbers${step === 4 ? '' : '[c / 4u]'}[c % 4u]`)}`,
      '  }',
      '}',
    ],
  );
  return run(`${call.kernel.declarations}\n${call.kernel.code}`, call.blocks, result);
}

/** Runs one workgroup. */
async function run(code: string, blocks: readonly Block[], result: Block): Promise<Float32Array> {
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }) },
  });
  const size = 4 * ROWS * COLUMNS;
  const buffers = blocks.map((block) => {
    const data = bytes.get(block);
    const usage = USAGE.storage | USAGE.copySource | USAGE.copyTarget;
    const buffer = device.createBuffer({ size: data?.length ?? size, usage });
    if (data) device.queue.writeBuffer(buffer, 0, data as BufferSource); // made here, so not of shared memory
    return buffer;
  });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  const read = device.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyTarget });
  encoder.copyBufferToBuffer(buffers[blocks.indexOf(result)] ?? expect.fail(), 0, read, 0, size);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(MAP_MODE_READ);
  const values = new Float32Array(read.getMappedRange().slice(0));
  for (const buffer of [...buffers, read]) buffer.destroy();
  return values;
}
