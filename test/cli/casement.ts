import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../packages/casement/bin/casement.js', import.meta.url));
const BUILT = fileURLToPath(new URL('../../packages/casement/dist/cli.js', import.meta.url));
export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the built command in a folder. While it runs, `interrupt` is asked again and again whether it is time for
 * Ctrl-C; it is pressed once.
 */
export async function casement(cwd: string, args: readonly string[], interrupt?: () => boolean): Promise<Outcome> {
  if (!existsSync(BUILT)) throw new Error('casement is not built; run npm test, or npm run build before vitest');
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const watch = setInterval(() => {
    if (!interrupt?.()) return;
    clearInterval(watch);
    child.kill('SIGINT');
  }, 5);
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject).on('close', resolve);
    });
    return { status, stdout, stderr };
  } finally {
    clearInterval(watch);
  }
}
