/** Numbers and UUIDs made from a derived identifier, so that every replay makes the same. */

/** 32 well-mixed bits of a text (MurmurHash3's finalizer over a multiplicative hash). */
function hash32(text: string, seed: number): number {
  let hash = seed | 0;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1) ^ (hash >>> 15);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** In [0, 1). */
export function toFraction(derived: string): number {
  return (hash32(derived, 1) * 2 ** 21 + (hash32(derived, 2) >>> 11)) / 2 ** 53;
}

/** A version 4 UUID (RFC 9562). */
export function toUuid(derived: string): string {
  const hex = [1, 2, 3, 4].map((seed) => hash32(derived, seed).toString(16).padStart(8, '0')).join('');
  const variant = '89ab'[Number.parseInt(hex[16] as string, 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
