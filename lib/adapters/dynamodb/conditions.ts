/** Under which conditions something is written, in English. `#x` stands for the attribute x. */
import type { HeadGuard } from '../../kernel/head.ts';
import type { Expression } from './table-client.ts';

const nothingIsThere = 'attribute_not_exists(#pk)';
const itHasExpired = '#expiresAt <= :now';
const itIsBeingDeleted = '#status = :deleting';
const itIsPresent = '#expiresAt > :now AND #status <> :deleting';
const itIsThisRun = '#nonce = :nonce';
const itWasFoldedBefore = '#position < :positionBelow';
const itWasFoldedNoLater = '#position <= :positionAtMost';
/** A settled run has no `wakeAt`. */
const nobodyMovedWakeAt = '#wakeAt = :wakeAtBefore';

export const isFree: Expression = { text: nothingIsThere, values: {} };

/** `now` in ms. */
export function noRunLivesThere(now: number): Expression {
  return {
    text: [nothingIsThere, itHasExpired, itIsBeingDeleted].join(' OR '),
    values: { ':now': now, ':deleting': 'deleting' },
  };
}

/** Of a document. */
export function isStillAt(revision: number): Expression {
  return { text: '#revision = :revisionBefore', values: { ':revisionBefore': revision } };
}

export function isOfRun(nonce: string): Expression {
  return { text: itIsThisRun, values: { ':nonce': nonce } };
}

export function guardHolds({ nonce, positionBelow, positionAtMost, wakeAt }: HeadGuard, now: number): Expression {
  const conditions = [itIsPresent, itIsThisRun];
  const values: Expression['values'] = { ':now': now, ':deleting': 'deleting', ':nonce': nonce };
  if (positionBelow !== undefined) {
    conditions.push(itWasFoldedBefore);
    values[':positionBelow'] = positionBelow;
  }
  if (positionAtMost !== undefined) {
    conditions.push(itWasFoldedNoLater);
    values[':positionAtMost'] = positionAtMost;
  }
  if (wakeAt !== undefined) {
    conditions.push(nobodyMovedWakeAt);
    values[':wakeAtBefore'] = wakeAt;
  }
  return { text: conditions.join(' AND '), values };
}
