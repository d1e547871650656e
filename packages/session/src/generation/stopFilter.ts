/** Text that passes through until one of the stop strings is in it. */
export interface StopFilter {
  /** What of the text so far is certainly before any stop string, and whether one was found. */
  push(text: string): { readonly text: string; readonly stopped: boolean };
  /** What was held back because it could have become a stop string. */
  end(): string;
}

/** Finds stop strings wherever they lie across the pieces of a text. Of several the one that starts first counts. */
export function createStopFilter(stopStrings: readonly string[]): StopFilter {
  let held = '';
  return {
    push(text) {
      held += text;
      const found = stopStrings.map((stop) => held.indexOf(stop)).filter((at) => at >= 0);
      const stopped = found.length > 0;
      const end = stopped ? Math.min(...found) : held.length - longestBeginning(held, stopStrings);
      const passed = held.slice(0, end);
      held = stopped ? '' : held.slice(end);
      return { text: passed, stopped };
    },
    end() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}

/** Length of the longest end of `text` with which a stop string begins. */
function longestBeginning(text: string, stopStrings: readonly string[]): number {
  let longest = 0;
  for (const stop of stopStrings) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}
