import { isIPv6 } from 'node:net';

/**
 * Who an address belongs to, as far as it tells: an IPv4 address is one party, and of IPv6 the
 * first 64 bits are, because whoever has one such network has all the addresses in it.
 */
export function network(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.toLowerCase().split('%', 1).join('').split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail?.split(':').filter(Boolean) ?? [];
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = tail === undefined ? left : [...left, ...zeros, ...right];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
