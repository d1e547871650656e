interface Note {
  readonly fusion: string;
  readonly why: string;
  readonly what: Set<string>;
}

/** Why things were left as they stand; of many with the same reason, the first is named. */
export class Notes {
  private readonly found: Note[] = [];

  /** `what` was left out of a fusion. */
  add(fusion: string, what: string, why: string): void {
    const known = this.found.find((note) => note.fusion === fusion && note.why === why);
    if (known) known.what.add(what);
    else this.found.push({ fusion, why, what: new Set([what]) });
  }

  /** As people read them. */
  get texts(): readonly string[] {
    return this.found.map(({ fusion, why, what: [first, ...others] }) => {
      const more = others.length > 0 ? ` and ${others.length} more` : '';
      return `${fusion}: ${first}${more}: ${why}`;
    });
  }
}
