import { SourceMap } from 'node:module';

const INLINE_MAP = /\/\/# sourceMappingURL=data:application\/json;charset=utf-8;base64,([\w+/=]+)\s*$/;

/**
 * Places in the user's sources for stack traces of compiled code: the DSL reads where a call was made from its stack,
 * and errors must point at what the user wrote.
 */
export class SourcePlaces {
  private readonly files = new Map<string, { readonly map: SourceMap; readonly lines: readonly string[] }>();

  /** Remembers the inline source map of a compiled file; one without a map keeps the places it has. */
  add(file: string, source: string, code: string): void {
    const map = INLINE_MAP.exec(code)?.[1];
    if (map === undefined) return;
    const json = JSON.parse(Buffer.from(map, 'base64').toString());
    this.files.set(file, { map: new SourceMap(json), lines: source.split('\n') });
  }

  /** Stack traces made while `run` runs show source places. */
  during<T>(run: () => T): T {
    const restore = this.install();
    try {
      return run();
    } finally {
      restore();
    }
  }

  /** As `during`, until the promise is settled. */
  async within<T>(run: () => Promise<T>): Promise<T> {
    const restore = this.install();
    try {
      return await run();
    } finally {
      restore();
    }
  }

  private install(): () => void {
    const before = Error.prepareStackTrace;
    Error.prepareStackTrace = (error, frames) =>
      [String(error), ...frames.map((frame) => `    at ${this.place(frame) ?? frame}`)].join('\n');
    return () => {
      Error.prepareStackTrace = before;
    };
  }

  /** `file:line:column` where the frame's call begins; V8 points behind the callee. */
  private place(frame: NodeJS.CallSite): string | undefined {
    const file = frame.getFileName() ?? '';
    const known = this.files.get(file);
    const at = known?.map.findEntry((frame.getLineNumber() ?? 1) - 1, (frame.getColumnNumber() ?? 1) - 1);
    if (known === undefined || at === undefined || !('originalLine' in at)) return undefined;
    const text = known.lines[at.originalLine] ?? '';
    let column = at.originalColumn;
    while (column > 0 && /[\w$]/.test(text[column - 1] ?? '')) column--;
    return `${file}:${at.originalLine + 1}:${column + 1}`;
  }
}
