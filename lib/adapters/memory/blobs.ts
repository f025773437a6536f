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
    async deleteRun(runId) {
      for (const key of blobs.keys()) if (key.startsWith(`${runId}/`)) blobs.delete(key);
    },
  };
}
