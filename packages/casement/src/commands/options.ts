import { type Command, InvalidArgumentError, Option } from 'commander';
import { BUILD_DTYPES } from '../quantize/buildDType.ts';

export function dtypeOption(): Option {
  return new Option(
    '--dtype <dtype>',
    'what the model\'s "float" becomes; q4 and q8 quantise its weights; bf16: ONNX for CUDA only',
  )
    .choices(BUILD_DTYPES)
    .default('f32');
}

export function zeroPointsOption(): Option {
  return new Option('--zero-points', 'quantise with a zero point for each block: slightly larger, more exact');
}

export function profileOption(): Option {
  return new Option('--profile <profile>', 'ONNX ops: "ort" adds com.microsoft to ai.onnx')
    .choices(['ort', 'onnx'])
    .default('ort');
}

export function variantOption(): Option {
  return new Option(
    '--variant <name>',
    'the device class whose kernels WebGPU runs, such as gpu (default: by the adapter; casement inspect --kernels lists them)',
  );
}

/** Options that say where the weights are and how their names map. */
export function weightOptions(command: Command): Command {
  return command
    .option('--checkpoint <dir>', 'folder with config.json and the weights, when <model> is a file')
    .option('--rename <file>', "JSON table of {from, to} rules that turn checkpoint names into the model's")
    .option('--allow-extra', 'accept tensors that the model does not use');
}

/** The value of an option that counts something. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('Give a whole number above 0.');
  return count;
}
