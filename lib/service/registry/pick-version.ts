/** A version that new runs get, and how many of 100 of them. */
export interface ActiveVersion {
  version: number;
  weight: number;
}

/**
 * The version that a run gets: the same for the same id. When a later version's share grows, no run that would have had
 * it loses it. `active` is in the order of versions; its weights sum up to 100.
 */
export function pickVersion(active: readonly ActiveVersion[], runId: string): number | undefined {
  let place = hash(runId) * 100;
  for (const { version, weight } of active) {
    place -= weight;
    if (place < 0) return version;
  }
  return active.at(-1)?.version;
}

/** The one with the greatest share; of equals the latest. */
export function mainVersion(active: readonly ActiveVersion[]): number | undefined {
  return [...active].sort((a, b) => b.weight - a.weight || b.version - a.version)[0]?.version;
}

/** In [0, 1): FNV-1a, with the last bits stirred as in MurmurHash3, since ids may differ in their last letter alone. */
function hash(text: string): number {
  let bits = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}
