import protobuf from 'protobufjs';
import textformat from 'protobufjs/ext/textformat.js';

/**
 * Names, numbers and types of those fields of Triton's `inference.ModelConfig` that we write, and of enough others that a
 * wrong place for one is an error. Transcribed from triton-inference-server/common, protobuf/model_config.proto (release
 * 25; BSD 3-Clause, NVIDIA and TensorFlow authors).
 */
const PROTO = `
syntax = "proto3";
package inference;
enum DataType { TYPE_INVALID = 0; TYPE_BOOL = 1; TYPE_UINT8 = 2; TYPE_UINT16 = 3; TYPE_UINT32 = 4; TYPE_UINT64 = 5;
  TYPE_INT8 = 6; TYPE_INT16 = 7; TYPE_INT32 = 8; TYPE_INT64 = 9; TYPE_FP16 = 10; TYPE_FP32 = 11; TYPE_FP64 = 12;
  TYPE_STRING = 13; TYPE_BF16 = 14; }
message ModelInstanceGroup {
  enum Kind { KIND_AUTO = 0; KIND_GPU = 1; KIND_CPU = 2; KIND_MODEL = 3; }
  string name = 1; Kind kind = 4; int32 count = 2; repeated int32 gpus = 3; repeated string profile = 5; bool passive = 7;
}
message ModelTensorReshape { repeated int64 shape = 1; }
message ModelInput { string name = 1; DataType data_type = 2; repeated int64 dims = 4; ModelTensorReshape reshape = 5;
  bool allow_ragged_batch = 7; bool optional = 8; }
message ModelOutput { string name = 1; DataType data_type = 2; repeated int64 dims = 3; ModelTensorReshape reshape = 5; }
message ModelOptimizationPolicy {
  message Graph { int32 level = 1; }
  message Cuda { bool graphs = 1; }
  message ExecutionAccelerators {
    message Accelerator { string name = 1; map<string, string> parameters = 2; }
    repeated Accelerator gpu_execution_accelerator = 1; repeated Accelerator cpu_execution_accelerator = 2;
  }
  Graph graph = 1; Cuda cuda = 3; ExecutionAccelerators execution_accelerators = 4;
}
message ModelQueuePolicy {
  enum TimeoutAction { REJECT = 0; DELAY = 1; }
  TimeoutAction timeout_action = 1; uint64 default_timeout_microseconds = 2; bool allow_timeout_override = 3;
  uint32 max_queue_size = 4;
}
message ModelDynamicBatching { repeated int32 preferred_batch_size = 1; uint64 max_queue_delay_microseconds = 2;
  bool preserve_ordering = 3; ModelQueuePolicy default_queue_policy = 6; }
message ModelSequenceBatching {
  message InitialState { DataType data_type = 1; repeated int64 dims = 2; bool zero_data = 3; string data_file = 4; string name = 5; }
  message State { string input_name = 1; string output_name = 2; DataType data_type = 3; repeated int64 dims = 4;
    repeated InitialState initial_state = 5; bool use_same_buffer_for_input_output = 6; bool use_growable_memory = 7; }
  message StrategyDirect { uint64 max_queue_delay_microseconds = 1; float minimum_slot_utilization = 2; }
  message StrategyOldest { int32 max_candidate_sequences = 1; repeated int32 preferred_batch_size = 2;
    uint64 max_queue_delay_microseconds = 3; }
  StrategyDirect direct = 3; StrategyOldest oldest = 4; uint64 max_sequence_idle_microseconds = 1; repeated State state = 5;
}
message ModelParameter { string string_value = 1; }
message ModelWarmup {
  message Input { DataType data_type = 1; repeated int64 dims = 2; bool zero_data = 3; bool random_data = 4;
    string input_data_file = 5; }
  string name = 1; uint32 batch_size = 2; map<string, Input> inputs = 3; uint32 count = 4;
}
message ModelConfig {
  string name = 1; string platform = 2; string backend = 17; int32 max_batch_size = 4; repeated ModelInput input = 5;
  repeated ModelOutput output = 6; ModelOptimizationPolicy optimization = 12; ModelDynamicBatching dynamic_batching = 11;
  ModelSequenceBatching sequence_batching = 13; repeated ModelInstanceGroup instance_group = 7;
  string default_model_filename = 8; map<string, ModelParameter> parameters = 14; repeated ModelWarmup model_warmup = 16;
}`;

export interface ParsedConfig {
  readonly name: string;
  readonly backend: string;
  readonly max_batch_size: number;
  readonly input: readonly ParsedTensor[];
  readonly output: readonly ParsedTensor[];
  readonly instance_group: readonly { readonly kind: string; readonly count: number }[];
  readonly dynamic_batching?: object;
  readonly sequence_batching?: {
    readonly oldest?: { readonly max_candidate_sequences: number };
    readonly state: readonly ParsedState[];
  };
  readonly model_warmup: readonly { readonly inputs: Readonly<Record<string, { readonly dims: readonly number[] }>> }[];
}

export interface ParsedTensor {
  readonly name: string;
  readonly data_type: string;
  readonly dims: readonly number[];
}

export interface ParsedState {
  readonly input_name: string;
  readonly output_name: string;
  readonly data_type: string;
  readonly dims: readonly number[];
  readonly initial_state: readonly {
    readonly data_type: string;
    readonly dims: readonly number[];
    readonly zero_data: boolean;
  }[];
  readonly use_same_buffer_for_input_output: boolean;
}

/** Reads a `config.pbtxt` as Triton does. Throws for what is no text format, or has a field that Triton has not. */
export function parseModelConfig(text: string): ParsedConfig {
  const type = protobuf.parse(PROTO, { keepCase: true }).root.lookupType('inference.ModelConfig');
  const message = textformat.fromText(type, text);
  // The shape is the message's: its names and types are those above.
  return type.toObject(message, { enums: String, longs: Number, arrays: true }) as ParsedConfig;
}
