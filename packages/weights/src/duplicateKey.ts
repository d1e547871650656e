/**
 * The first key that appears twice in the outermost object of a JSON text, or undefined. `JSON.parse` keeps the last
 * one silently, which in a safetensors header would hide a tensor.
 *
 * @param json text that `JSON.parse` has accepted as an object
 */
export function duplicateKey(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  let keyMayFollow = false;
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (char === '"') {
      const end = stringEnd(json, at);
      if (keyMayFollow) {
        // A quoted piece of valid JSON parses to a string; unescaping makes "A" and "\u0041" the same key.
        const key = JSON.parse(json.slice(at, end)) as string;
        if (seen.has(key)) return key;
        seen.add(key);
        keyMayFollow = false;
      }
      at = end - 1;
    } else if (char === '{' || char === '[') {
      depth++;
      keyMayFollow = depth === 1;
    } else if (char === '}' || char === ']') {
      depth--;
    } else if (char === ',') {
      keyMayFollow = depth === 1;
    }
  }
  return undefined;
}

/** The index after the closing quote of the string that opens at `start`. */
function stringEnd(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}
