import type { Blobs } from '../../ports/blobs.ts';

export function createMemoryBlobs(): Blobs {
  const blobs = new Map<string, string>();
  return {
    async put(key, text) {
      blobs.set(key, text);
    },
    async get(key) {
      return blobs.get(key);
    },
    async deleteAll(owner) {
      for (const key of blobs.keys()) if (key.slice(0, key.lastIndexOf('/')) === owner) blobs.delete(key);
    },
    async idleOwners() {
      return [];
    },
  };
}
