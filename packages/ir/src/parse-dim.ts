import { addDims, type Dim, divDims, floorDim, mulDims, namedDim, subDims } from './dim.ts';

const TOKEN = /\s*(?:(\d+)|([A-Za-z_]\w*)|([-+*/()]))/y;

/**
 * Parses `past + seq`, `2*ffn`, `h*w/4` or `floor(h/4)`. `resolve` gives a name its dim (a number for configured sizes); by default
 * names stay symbolic. Throws SyntaxError with the column of the fault.
 */
export function parseDim(text: string, resolve: (name: string) => Dim = namedDim): Dim {
  const tokens = tokenise(text);
  let next = 0;
  const fail = (wanted: string): never => {
    const found = tokens[next];
    throw new SyntaxError(
      `size "${text}": expected ${wanted} at column ${found?.column ?? text.length + 1}, found ${found ? `"${found.text}"` : 'the end'}`,
    );
  };
  const accept = (...texts: string[]): string | undefined => {
    const token = tokens[next];
    if (token === undefined || !texts.includes(token.text)) return undefined;
    next++;
    return token.text;
  };
  const factor = (): Dim => {
    const token = tokens[next];
    if (accept('(')) {
      const inner = sum();
      if (!accept(')')) fail('")"');
      return inner;
    }
    if (token?.text === 'floor' && tokens[next + 1]?.text === '(') {
      next++;
      return floorDim(factor());
    }
    if (token === undefined || /^[-+*/)]/.test(token.text)) return fail('a name or a number');
    next++;
    return /^\d/.test(token.text) ? Number(token.text) : resolve(token.text);
  };
  const product = (): Dim => {
    let left = factor();
    for (let operator = accept('*', '/'); operator; operator = accept('*', '/')) {
      const right = factor();
      left =
        operator === '*' ? mulDims(left, right) : (divDims(left, right) ?? fail(`a divisor of "${left}" before this`));
    }
    return left;
  };
  const sum = (): Dim => {
    let left = accept('-') ? mulDims(product(), -1) : product();
    for (let operator = accept('+', '-'); operator; operator = accept('+', '-')) {
      left = operator === '+' ? addDims(left, product()) : subDims(left, product());
    }
    return left;
  };
  const result = sum();
  if (next < tokens.length) fail('an operator or the end');
  return result;
}

function tokenise(text: string): { text: string; column: number }[] {
  const tokens: { text: string; column: number }[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new SyntaxError(`size "${text}": unexpected "${text[at]}" at column ${at + 1}`);
    const found = match[1] ?? match[2] ?? match[3] ?? '';
    tokens.push({ text: found, column: TOKEN.lastIndex - found.length + 1 });
  }
  return tokens;
}
