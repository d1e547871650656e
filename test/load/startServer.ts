import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ServerProcess {
  readonly url: string;
  /** Bytes in memory now. */
  residentBytes(): Promise<number>;
  /** Sends SIGTERM; gives the exit code. */
  stop(): Promise<number | null>;
}

/** Starts `casement serve` as people do, on a free port. */
export async function startServer(artifact: string, flags: readonly string[]): Promise<ServerProcess> {
  const command = fileURLToPath(new URL('../../packages/casement/bin/casement.js', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [command, 'serve', artifact, '--port', '0', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (!child.stderr) throw new Error('a piped process has a standard error');
  for await (const line of createInterface({ input: child.stderr })) {
    const [, url] = / on (http:\S+)/.exec(line) ?? [];
    if (url === undefined) throw new Error(`the server did not start: ${line}`);
    child.stderr.resume();
    return {
      url,
      residentBytes: async () => {
        const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
        return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
      },
      stop: async () => {
        child.kill('SIGTERM');
        const [code] = await once(child, 'exit');
        return code;
      },
    };
  }
  throw new Error('the server ended before it served');
}
