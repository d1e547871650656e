import { type Command, Option } from 'commander';
import { BUILD_DTYPES } from '../quantize/buildDType.ts';

/** Options that say what a build makes of a model's `float`. */
export function buildDTypeOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--dtype <dtype>', 'what the model\'s "float" becomes; q4 and q8 quantise its weights')
        .choices(BUILD_DTYPES)
        .default('f32'),
    )
    .option('--zero-points', 'quantise with a zero point for each block: slightly larger, more exact');
}
