const TOKEN = /\d+|[A-Za-z_]\w*|[-+*/()]/g;

/**
 * The number that a size of a manifest is: `past + seq`, `(h*w)/4`, `floor(h/4)`. Throws RangeError when a dim has no value or the
 * size is no whole number ≥ 0, and SyntaxError when it is no size.
 */
export function evaluateSize(size: number | string, dims: ReadonlyMap<string, number>): number {
  if (typeof size === 'number') return size;
  const tokens = size.match(TOKEN) ?? [];
  let next = 0;
  const accept = (...texts: string[]) => (texts.includes(tokens[next] ?? '') ? tokens[next++] : undefined);
  const factor = (): number => {
    if (accept('(')) {
      const inner = sum();
      if (!accept(')')) throw new SyntaxError(`size "${size}": a ")" is missing`);
      return inner;
    }
    const token = tokens[next++] ?? '';
    if (token === 'floor' && tokens[next] === '(') return Math.floor(factor());
    if (/^\d/.test(token)) return Number(token);
    if (!/^\w/.test(token)) throw new SyntaxError(`size "${size}": a name or a number is missing`);
    const value = dims.get(token);
    if (value === undefined) throw new RangeError(`dim "${token}" of size ${size} has no value`);
    return value;
  };
  const product = (): number => {
    let left = factor();
    for (let operator = accept('*', '/'); operator; operator = accept('*', '/')) {
      left = operator === '*' ? left * factor() : left / factor();
    }
    return left;
  };
  const sum = (): number => {
    let left = accept('-') ? -product() : product();
    for (let operator = accept('+', '-'); operator; operator = accept('+', '-')) {
      left += operator === '+' ? product() : -product();
    }
    return left;
  };
  const value = sum();
  if (next < tokens.length) throw new SyntaxError(`size "${size}": unexpected "${tokens[next]}"`);
  if (!Number.isInteger(value) || value < 0) throw new RangeError(`size ${size} is ${value}, no whole number ≥ 0`);
  return value;
}
