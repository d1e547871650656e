/** What is known of a request when it ends; written to the log as it is. It holds nothing that the client said. */
export interface RequestRecord {
  readonly time: string;
  readonly id: string;
  readonly method: string;
  /** The route's pattern, not the URL. */
  route: string;
  status: number;
  milliseconds: number;
  promptTokens?: number;
  /** Of them, those that were in the caches already. */
  cachedTokens?: number;
  completionTokens?: number;
  /** Until the first token. */
  firstTokenMilliseconds?: number;
  finish?: string;
  /** An error's code. */
  error?: string;
  /** Whether the client left before the end. */
  disconnected?: true;
  frames?: number;
}

/** Writes a line of JSON. */
export type Log = (line: object) => void;

export function logToStdout(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
