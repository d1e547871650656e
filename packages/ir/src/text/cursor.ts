/** Reads tokens from a line of program text and reports faults with line and column. */
export class Cursor {
  private at = 0;
  /** Where the last match began. */
  private from = 0;

  constructor(
    private readonly text: string,
    private readonly line: number,
  ) {}

  /** Consumes `literal` (after spaces) if it stands here. */
  accept(literal: string): boolean {
    this.skipSpaces();
    if (!this.text.startsWith(literal, this.at)) return false;
    this.at += literal.length;
    return true;
  }

  expect(literal: string): void {
    if (!this.accept(literal)) this.fail(`expected "${literal}"`);
  }

  /** Consumes what a sticky pattern matches; `wanted` names it in the error. */
  match(pattern: RegExp, wanted: string): string {
    this.skipSpaces();
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text)?.[0];
    if (found === undefined) return this.fail(`expected ${wanted}`);
    this.from = this.at;
    this.at += found.length;
    return found;
  }

  /** Whether a pattern stands here; nothing is consumed. */
  sees(pattern: RegExp): boolean {
    this.skipSpaces();
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = this.at;
    return sticky.test(this.text);
  }

  end(): void {
    this.skipSpaces();
    if (this.at < this.text.length) this.fail('expected the end of the line');
  }

  fail(problem: string): never {
    const found = this.text.slice(this.at, this.at + 24) || 'the end of the line';
    throw new SyntaxError(`line ${this.line}, column ${this.at + 1}: ${problem}, found "${found}"`);
  }

  /** A fault of what the last match read, such as a name that does not exist. */
  reject(problem: string): never {
    throw new SyntaxError(`line ${this.line}, column ${this.from + 1}: ${problem}`);
  }

  private skipSpaces(): void {
    while (this.text[this.at] === ' ') this.at++;
  }
}
