import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createStopFilter } from './stopFilter.ts';

it('holds back what may become a stop string', () => {
  const filter = createStopFilter(['END', 'N!']);
  expect(filter.push('text E')).toEqual({ text: 'text ', stopped: false });
  expect(filter.push('N')).toEqual({ text: '', stopped: false });
  expect(filter.push('T')).toEqual({ text: 'ENT', stopped: false });
  expect(filter.push('EN')).toEqual({ text: '', stopped: false });
  expect(filter.push('D of it')).toEqual({ text: '', stopped: true });
  expect(filter.end()).toBe('');
});

it('gives out what it held when the text ends', () => {
  const filter = createStopFilter(['\n\n']);
  expect(filter.push('line\n').text + filter.end()).toBe('line\n');
});

it('cuts at the first stop string however the text is cut into pieces', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 });
  const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 }), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(letters), stops, (pieces, stopStrings) => {
      const filter = createStopFilter(stopStrings);
      let passed = '';
      let read = '';
      let stopped = false;
      for (const piece of pieces) {
        read += piece;
        const result = filter.push(piece);
        passed += result.text;
        stopped = result.stopped;
        if (stopped) break;
      }
      const at = stopStrings.map((stop) => read.indexOf(stop)).filter((at) => at >= 0);
      expect(stopped).toBe(at.length > 0);
      expect(passed + filter.end()).toBe(stopped ? read.slice(0, Math.min(...at)) : read);
    }),
  );
});
