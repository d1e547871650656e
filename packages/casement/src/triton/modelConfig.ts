import { IMAGES } from './batchImages.ts';
import { dataTypeOf } from './dataTypes.ts';
import { type Onnx, type OnnxTensor, tensorOf } from './onnxModel.ts';
import { formatText, mapField, type TextMessage } from './textFormat.ts';

export interface ConfigOptions {
  readonly name: string;
  readonly model: Onnx.IModelProto;
  /** Inputs that hold a sequence's state, and the outputs that continue them. */
  readonly states: ReadonlyMap<string, string>;
  /** Sequences that go on at the same time. */
  readonly sequences: number;
  /** Instances of the model on each GPU. */
  readonly instances: number;
}

/** How long Triton keeps the state of a client that is silent. */
const IDLE_MICROSECONDS = 60_000_000;

/** How long a request without a state may wait, and how many may. */
const QUEUE = { default_timeout_microseconds: 10_000_000, max_queue_size: 256 };

/** Images in a run: enough to fill a GPU with small ones. */
const MOST_IMAGES = 8;

/** How long an image waits for others; encoding one takes longer. */
const BATCH_DELAY = 2000;

const BATCHED = ['Images of one size run together: the first axis, which is not among the dims, counts them.'];
const ONE_SEQUENCE = [
  'Dims are those of the model, the batch of one sequence included: sequences take turns, because the longest length of a',
  'batch, which attention plans by, is one number for all, and Triton has no way to compute it.',
];
const ONE_REQUEST = [
  'Dims are those of the model. Requests run one by one, for it has a node that might mix those of a batch; the batcher',
  'lets them wait in a queue.',
];

/**
 * Triton's `config.pbtxt` of an ONNX model. A model with states is run for whole sequences, whose states Triton keeps;
 * one without is run for single requests, and warmed up. Field names and meanings: triton-inference-server/common,
 * protobuf/model_config.proto.
 */
export function modelConfig({ name, model, states, sequences, instances }: ConfigOptions): string {
  const inputs = (model.graph?.input ?? []).map(tensorOf);
  const outputs = (model.graph?.output ?? []).map(tensorOf);
  const presents = new Set(states.values());
  const free = inputs.filter((input) => !states.has(input.name));
  const batches = inputs.every(({ shape }) => shape[0] === IMAGES);
  const describe = (tensor: OnnxTensor) => ioOf(batches ? { ...tensor, shape: tensor.shape.slice(1) } : tensor);
  const config = formatText({
    name,
    backend: 'onnxruntime',
    max_batch_size: batches ? MOST_IMAGES : 0,
    input: free.map(describe),
    output: outputs.filter((output) => !presents.has(output.name)).map(describe),
    instance_group: [{ count: instances, kind: { enum: 'KIND_GPU' } }],
    optimization: { execution_accelerators: { gpu_execution_accelerator: [CUDA] } },
    ...(states.size > 0
      ? { sequence_batching: sequenceBatching(inputs, states, sequences) }
      : {
          dynamic_batching: {
            ...(batches ? { max_queue_delay_microseconds: BATCH_DELAY } : {}),
            default_queue_policy: QUEUE,
          },
          model_warmup: [warmup(free, batches)],
        }),
  });
  const remark = batches ? BATCHED : states.size > 0 ? ONE_SEQUENCE : ONE_REQUEST;
  return `${remark.map((line) => `# ${line}\n`).join('')}${config}`;
}

/**
 * Options of ONNX Runtime's CUDA provider. CUDA graphs are off: they need inputs at fixed addresses and no control flow,
 * and Triton gives every run other buffers.
 */
const CUDA: TextMessage = {
  name: 'cuda',
  parameters: mapField({
    arena_extend_strategy: 'kSameAsRequested',
    cudnn_conv_algo_search: 'HEURISTIC',
    use_tf32: '0',
    use_ep_level_unified_stream: '1',
    enable_cuda_graph: '0',
  }),
};

function ioOf({ name, elementType, shape }: OnnxTensor): TextMessage {
  return { name, data_type: { enum: dataTypeOf(elementType, name).config }, dims: shape.map(dimOf) };
}

function dimOf(size: number | string): number {
  return typeof size === 'number' ? size : -1;
}

function sequenceBatching(
  inputs: readonly OnnxTensor[],
  states: ReadonlyMap<string, string>,
  sequences: number,
): TextMessage {
  return {
    max_sequence_idle_microseconds: IDLE_MICROSECONDS,
    // Sequences take turns on an instance; without a batch, `direct` would give each an instance of its own.
    oldest: { max_candidate_sequences: sequences },
    state: inputs.flatMap((input): TextMessage[] => {
      const output = states.get(input.name);
      if (output === undefined) return [];
      const { data_type, dims } = ioOf(input);
      return [
        {
          input_name: input.name,
          output_name: output,
          data_type,
          dims,
          // Beyond a sequence's length nothing is read, but what is not zero may not be a number.
          initial_state: [{ name: 'empty', data_type, dims, zero_data: true }],
          // The backend copies an output into the state when the run is over, so the input is not needed any more.
          use_same_buffer_for_input_output: true,
        },
      ];
    }),
  };
}

function warmup(inputs: readonly OnnxTensor[], batches: boolean): TextMessage {
  const sample = (input: OnnxTensor): TextMessage => {
    const { data_type } = ioOf(input);
    return { data_type, dims: input.shape.slice(batches ? 1 : 0).map(warmSize), zero_data: true };
  };
  return {
    name: 'zeros',
    batch_size: 1,
    inputs: mapField(Object.fromEntries(inputs.map((input) => [input.name, sample(input)]))),
  };
}

/** Small, and a multiple of all squares that patches are merged by. */
function warmSize(size: number | string): number {
  return typeof size === 'number' ? size : 144;
}
