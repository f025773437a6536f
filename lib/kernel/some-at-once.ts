/** Works on all items, in their order, so many at a time. Rejects with the first failure, once all that was begun has ended. */
export async function someAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  let failed: { error: unknown } | undefined;

  async function worker(): Promise<void> {
    for (const item of left) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed ??= { error };
      }
    }
  }

  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  if (failed) throw failed.error;
}
