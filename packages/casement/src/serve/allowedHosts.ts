import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface HostOptions {
  /** The address that the server listens on. */
  readonly host: string;
  /** Whether clients must give a key. */
  readonly keyed: boolean;
  /** Origins of pages that may ask; their hosts are names of the server, too, behind a proxy. */
  readonly origins: readonly string[];
}

/**
 * Whether a request may name the server as its `Host` header does. A page can have a name of its own lead to 127.0.0.1
 * (DNS rebinding), and is then of the server's origin for its browser; what it cannot change is the name. Only a server
 * that takes requests without a key and from its own machine alone is protected by its names: others may be known under
 * any, and a page does not know the key.
 */
export function hostChecker({ host, keyed, origins }: HostOptions): (header: string | undefined) => boolean {
  if (keyed || !isLoopback(host)) return () => true;
  const names = new Set([host, ...origins.map((origin) => nameOf(origin))]);
  return (header) => {
    const name = nameOf(`http://${header ?? ''}`);
    return isLoopback(name) || names.has(name);
  };
}

/** Names that no page can have lead elsewhere first: RFC 6761, 6.3. */
function isLoopback(name: string): boolean {
  const address = name.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0) return ipaddr.process(address).range() === 'loopback';
  return name === 'localhost' || name.endsWith('.localhost');
}

function nameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}
