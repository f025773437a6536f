import { BlockList, isIP } from 'node:net';

/**
 * Which addresses belong to the public internet. All else is refused unless a host was allowed as a private one: what
 * is listed in the IANA registries of special-purpose addresses (RFC 6890), where instance metadata, databases and
 * neighbours live.
 */

const specialV4 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  specialV4.addSubnet(network, prefix, 'ipv4');
}

const globalV6 = new BlockList();
globalV6.addSubnet('2000::', 3, 'ipv6');

/** Of the global range: protocol assignments with Teredo, documentation, 6to4. */
const specialV6 = new BlockList();
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  specialV6.addSubnet(network, prefix, 'ipv6');
}

/** False for what is no address. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !specialV4.check(address, 'ipv4');
    case 6: {
      const inside = embeddedV4(address);
      if (inside !== undefined) return isPublicAddress(inside);
      return globalV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6');
    }
    default:
      return false;
  }
}

/** The IPv4 address that an IPv6 address stands for: IPv4-mapped (`::ffff:0:0/96`) and NAT64 (`64:ff9b::/96`). */
function embeddedV4(address: string): string | undefined {
  const groups = groupsOf(address);
  const head = groups.slice(0, 6).join(':');
  if (head !== '0:0:0:0:0:ffff' && head !== '64:ff9b:0:0:0:0') return undefined;
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight groups of a valid IPv6 address, in hexadecimal without leading zeros. */
function groupsOf(address: string): string[] {
  // A URL writes every address in one way: without dots, zone or leading zeros.
  const [bare = ''] = address.split('%');
  const text = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const [before = '', after] = text.split('::');
  const left = before === '' ? [] : before.split(':');
  if (after === undefined) return left;
  const right = after === '' ? [] : after.split(':');
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
}
