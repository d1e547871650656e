import type { Origin, Place } from './program.ts';

/** A fault in a program, with where it came from. `message` holds all of it; the fields are for tools. */
export class IrError extends Error {
  override readonly name = 'IrError';
  readonly scope: string;
  readonly place: Place | undefined;

  /** `problem` says what is wrong and what to do; `details` are lines such as the operands' types. */
  constructor(
    readonly problem: string,
    origin?: Origin,
    details: readonly string[] = [],
  ) {
    const scope = origin?.scope ? [`in ${origin.scope}`] : [];
    const place = origin?.place ? [`at ${printPlace(origin.place)}`] : [];
    super([problem, ...[...details, ...scope, ...place].map((line) => `  ${line}`)].join('\n'));
    this.scope = origin?.scope ?? '';
    this.place = origin?.place;
  }
}

/** `file:line:column`, which terminals and editors turn into links. */
export function printPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}
