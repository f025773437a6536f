/**
 * When blobs are deleted. The bucket does that, by one lifecycle rule for each class, which deletes what has the tag of
 * that class so many days after it was written. Plain data: the infrastructure reads it, too.
 */
export const expiryTag = 'pawl-expires-days';

/** In days, ascending. */
export const expiryClasses = [30, 90, 365, 1_500] as const;

const dayMs = 24 * 60 * 60 * 1_000;

/** The smallest class that lets live what has to live for `ms`. `undefined`: none does, so the blob is kept for good. */
export function expiryClassFor(ms: number): (typeof expiryClasses)[number] | undefined {
  return expiryClasses.find((days) => ms <= days * dayMs);
}
