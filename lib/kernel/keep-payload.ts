import type { Birth } from './events.ts';
import { ownerOf } from './expiry.ts';
import { type EncodedPayload, isInline, storePayload } from './payload.ts';
import type { Ports } from './ports.ts';
import { retrying } from './retrying.ts';

/**
 * A text as what an event of the run holds it: at once where the journal itself does, else when its blob is durable. Blobs that
 * do not answer for a moment are asked again: what made the text is done, and is not repeated for their sake.
 */
export function keepPayload(
  ports: Ports,
  birth: Birth,
  name: string,
  text: string | undefined,
): EncodedPayload | Promise<EncodedPayload> {
  if (text === undefined || isInline(text, ports.limits)) return { payload: text, text };
  const owner = ownerOf(birth, ports.limits);
  return retrying(ports, () => storePayload(ports, owner, name, text));
}
