import { expect, test } from 'vitest';
import { hostChecker } from './allowedHosts.ts';

const OWN = ['localhost:8000', '127.0.0.1:8000', '127.1.2.3', '[::1]:8000', 'app.localhost', 'LOCALHOST'];
const OTHERS = ['evil.example:8000', 'localhost.evil.example', '10.0.0.1', '[::2]', '127.0.0.1@evil.example', '', ' '];

test('a server of this machine alone, without a key, is called by its names only', () => {
  const check = hostChecker({ host: '127.0.0.1', keyed: false, origins: ['https://app.example.com'] });
  expect(OWN.filter((header) => !check(header))).toEqual([]);
  expect(OTHERS.filter((header) => check(header))).toEqual([]);
  expect([check(undefined), check('app.example.com')]).toEqual([false, true]);
});

test.each([
  { host: '0.0.0.0', keyed: false },
  { host: '127.0.0.1', keyed: true },
])('%o is called anything', (options) => {
  expect(hostChecker({ ...options, origins: [] })('evil.example')).toBe(true);
});
