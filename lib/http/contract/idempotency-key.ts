/**
 * Keys in the header `Idempotency-Key`. A plain token is sent as it is. What HTTP cannot carry so is a Display String of
 * RFC 9651 (`%"sch%c3%b6n"`); the quoted form of the IETF draft (`"abc"`) is understood too. Used by the client: imports
 * nothing.
 */
const plain = /^[\x21\x23-\x7e][\x21-\x7e]*$/;

export function encodeIdempotencyKey(key: string): string {
  if (plain.test(key) && !key.startsWith('%"')) return key;
  let encoded = '';
  for (const byte of new TextEncoder().encode(key)) {
    const isKept = byte >= 0x20 && byte <= 0x7e && byte !== 0x25 && byte !== 0x22;
    encoded += isKept ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`;
  }
  return `%"${encoded}"`;
}

/** `undefined` if the header is none of the three forms. */
export function decodeIdempotencyKey(header: string): string | undefined {
  if (header.startsWith('%"'))
    return header.endsWith('"') && header.length > 2 ? percentDecoded(header.slice(2, -1)) : undefined;
  if (header.startsWith('"'))
    return /^"(?:[^"\\]|\\["\\])*"$/.test(header) ? header.slice(1, -1).replace(/\\(["\\])/g, '$1') : undefined;
  return header;
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
