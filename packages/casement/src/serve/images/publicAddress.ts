import ipaddr from 'ipaddr.js';

/**
 * Whether an address is one of the public internet: not of this machine, its network or a cloud's metadata service, and
 * not one that stands for such an address (IPv4 within IPv6, NAT64, 6to4, Teredo). Ranges: IANA's special-purpose
 * registries, by ipaddr.js.
 */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}
