import type { QuantizationSettings } from '@casement/passes';
import { UserError } from '../error.ts';

const BLOCKS: readonly unknown[] = [16, 32, 64, 128, 256];
const BITS: readonly unknown[] = [4, 8, 'none'];

/** Checks what a model file exports as `quantization`. Throws UserError. */
export function readQuantizationSettings(exported: unknown, file: string): QuantizationSettings {
  const fail = (problem: string) => new UserError(`${file}: the export "quantization" ${problem}`);
  if (typeof exported !== 'object' || exported === null) throw fail('must be an object, { overrides: { lm_head: 8 } }');
  const { block, overrides, ...others } = exported as Readonly<Record<string, unknown>>; // any object is one
  const [other] = Object.keys(others);
  if (other !== undefined) throw fail(`has an unknown key "${other}"; it may have block and overrides`);
  if (block !== undefined && !BLOCKS.includes(block)) throw fail(`has block ${block}; choose ${BLOCKS.join(', ')}`);
  if (overrides !== undefined && (typeof overrides !== 'object' || overrides === null)) {
    throw fail('has overrides that are no object, { lm_head: 8 }');
  }
  const wrong = Object.entries(overrides ?? {}).find(([, bits]) => !BITS.includes(bits));
  if (wrong) throw fail(`overrides "${wrong[0]}" with ${JSON.stringify(wrong[1])}; choose 4, 8 or 'none'`);
  return exported as QuantizationSettings; // just checked
}
