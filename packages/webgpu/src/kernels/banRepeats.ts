import { indent } from '../wgsl/coordinates.ts';
import type { FusedKernel } from '../wgsl/fusedKernel.ts';
import { type ChoiceMemory, type Crew, factAt, readSettings } from './choice.ts';

/**
 * Notes `token`, the newest, and bans from the next draw what would complete a run of tokens that is among the newest ones
 * already; stop tokens are exempt. `before` what changes the settings, and after it.
 */
export function banRepeats(kernel: FusedKernel, memory: ChoiceMemory, vocab: number, crew: Crew) {
  const { word } = readSettings(kernel, memory);
  const { name: facts } = kernel.bind('facts', memory.facts, 'u32');
  const newest = kernel.write('newest', memory.newest);
  kernel.write('facts', memory.facts);
  const slots = memory.newest.layout[0];
  const before = [
    `let size = ${word('repeatSize')};`,
    `let written = ${word('written')} + 1u;`,
    `let held = min(written, ${word('repeatWindow')});`,
    `let ban = ${word('drawn')} + 2u;`,
    // Until all threads have read them.
    ...(crew === 1 ? [] : ['storageBarrier();']),
  ];
  const after = [
    'if (size == 0u || token == 0xffffffffu) {',
    '  return;',
    '}',
    `${crew === 1 ? '' : 'if (lane == 0u) '}{`,
    indent([newest(`(written - 1u) % ${slots}u`, 'token'), `${word('written')} = written;`]),
    '}',
    `for (var at = ${crew === 1 ? '0u' : 'lane'}; at + size <= held; at += ${crew}u) {`,
    indent([
      'let start = written - held + at;',
      'var same = 1u;',
      '// The newest token is not in the ring for all threads yet.',
      `while (same + 1u < size && newest[(start + same - 1u) % ${slots}u] == newest[(written - size + same) % ${slots}u]) {`,
      '  same++;',
      '}',
      `if (same + 1u == size && newest[(start + same - 1u) % ${slots}u] == token) {`,
      indent([
        `let last = (start + size - 1u) % ${slots}u;`,
        `let banned = select(newest[last], token, start + size == written);`,
        `if ((${facts}[${factAt('tally', vocab, 'banned')}] & 2u) == 0u) {`,
        `  ${facts}[${factAt('banned', vocab, 'banned')}] = ban;`,
        '}',
      ]),
      '}',
    ]),
    '}',
  ];
  return { before, after };
}
