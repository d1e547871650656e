import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PICTURE } from '../../../../../test/support/tinyChat.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { readImageUrl } from './imageUrl.ts';
import { isPublicAddress } from './publicAddress.ts';

/** Of a server that only these tests know: for localhost, until 2120. */
const pem = (name: string) =>
  readFile(fileURLToPath(new URL(`../../../../../test/support/localhost/${name}.pem`, import.meta.url)), 'utf8');

let server: Server;
let port: number;
let ca: string;
let picture: Buffer;
const { signal } = new AbortController();

beforeAll(async () => {
  picture = await readFile(PICTURE);
  ca = await pem('certificate');
  server = createServer({ key: await pem('key'), cert: ca }, ({ url }, response) => {
    if (url === '/picture') response.end(picture);
    else if (url === '/redirect') response.writeHead(302, { location: '/picture' }).end();
    else if (url === '/endless') {
      const more = () =>
        void (response.write(Buffer.alloc(2 ** 16)) ? setImmediate(more) : response.once('drain', more));
      more();
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an address with one.
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const read = (path: string, allowed?: (address: string) => boolean) => {
  const hosts = new Set([`localhost:${port}`]);
  const options = { limits: { ...DEFAULT_LIMITS, imageBytes: 2 ** 20 }, hosts, ca, ...(allowed ? { allowed } : {}) };
  return readImageUrl(`https://localhost:${port}${path}`, options, signal);
};

describe('a download', () => {
  it('gives the file', async () => {
    expect(Buffer.from(await read('/picture', () => true)).equals(picture)).toBe(true);
  });

  it('does not begin when the name leads to this machine', async () => {
    await expect(read('/picture')).rejects.toThrow('not on the public internet');
  });

  it.each(['/redirect', '/nowhere'])('follows nothing and tells nothing: %s', async (path) => {
    await expect(read(path, () => true)).rejects.toThrow(/^the picture could not be downloaded/);
  });

  it('ends when it is too large', async () => {
    await expect(read('/endless', () => true)).rejects.toThrow('the picture is larger than 1048576 bytes');
  });
});

it.each([
  ['93.184.216.34', true],
  ['2606:2800:220:1:248:1893:25c8:1946', true],
  ['127.0.0.1', false],
  ['10.1.2.3', false],
  ['172.16.0.1', false],
  ['192.168.1.1', false],
  ['100.64.0.1', false],
  ['169.254.169.254', false],
  ['0.0.0.0', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['::1', false],
  ['::', false],
  ['fe80::1', false],
  ['fd00::1', false],
  ['::ffff:127.0.0.1', false],
  ['64:ff9b::7f00:1', false],
  ['2002:7f00:1::', false],
  ['localhost', false],
])('%s is public: %s', (address, wanted) => {
  expect(isPublicAddress(address)).toBe(wanted);
});
