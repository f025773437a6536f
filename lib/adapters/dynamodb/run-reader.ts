/**
 * Reads a run with its journal in one query. A query is no snapshot: it may pass a position before that is written, and
 * meet what was written after it. What then looks like damage is looked at again before it is called so.
 */

import type { Payload } from '../../kernel/events.ts';
import { Fault, isFault } from '../../kernel/faults.ts';
import type { Head } from '../../kernel/head.ts';
import type { RunEnd, RunRecord } from '../../ports/store.ts';
import { assertNoHole, isAbsent } from '../store-rules.ts';
import { damaged } from './attributes.ts';
import { fromHeadItem, hasInputAside, inputIn } from './head-item.ts';
import { eventsFrom, headKey, isBirthOf, isEventOf, isHead, isMailOf, positionOf, runPk } from './keys.ts';
import { fromEventItem, fromMailItems } from './record-items.ts';
import type { Item, Query, TableClient } from './table-client.ts';

const LOOKS = 3;

/** `now` in ms. `undefined`: no such run. Throws `Fault` corrupt. */
export async function readRun(
  table: TableClient,
  id: string,
  after: number,
  now: number,
): Promise<RunRecord | undefined> {
  for (let look = 1; ; look += 1) {
    const items: Item[] = [];
    for await (const page of table.query({ keys: itemsOf(id, after) })) items.push(...page);
    const headItem = items.find(({ sk }) => isHead(sk));
    if (headItem === undefined) return undefined;
    const head = fromHeadItem(headItem);
    if (isAbsent(head, now)) return undefined;
    const { nonce } = head.birth;
    const [isEvent, isMail] = [isEventOf(nonce), isMailOf(nonce)];
    const events = items.filter(({ sk }) => isEvent(sk));
    try {
      assertWhole(head, events, after, now);
      if (after === 0 && hasInputAside(headItem)) head.birth.input = inputOf(headItem, items);
    } catch (fault) {
      if (!isFault(fault, 'corrupt')) throw fault;
      if (look < LOOKS) continue;
      if (isExpiring(head, now)) return undefined;
      throw fault;
    }
    return {
      head,
      chunks: events.map((item) => fromEventItem(item, nonce)),
      mail: fromMailItems(items.filter(({ sk }) => isMail(sk))),
    };
  }
}

/** The head and, backwards from it, the last event: nearly always one page. `now` in ms. `undefined`: no such run. */
export async function readEnd(table: TableClient, id: string, now: number): Promise<RunEnd | undefined> {
  const { pk, sk: upTo } = headKey(id);
  const keys = { text: '#pk = :pk AND #sk <= :sk', values: { ':pk': pk, ':sk': upTo } };
  let end: RunEnd | undefined;
  for await (const page of table.query({ keys, descending: true, firstPage: 2 })) {
    for (const item of page) {
      if (end === undefined) {
        const head = isHead(item.sk) ? fromHeadItem(item) : undefined;
        if (head === undefined || isAbsent(head, now)) return undefined;
        end = { nonce: head.birth.nonce, position: head.position, state: head.state };
      } else if (!(positionOf(item.sk) > end.position)) {
        return end;
      } else if (isEventOf(end.nonce)(item.sk)) {
        return { ...end, last: fromEventItem(item, end.nonce) };
      }
      // What stands there otherwise is left of an earlier run of this id.
    }
  }
  return end;
}

/** From the start, the item of a long input comes before the events. */
function itemsOf(id: string, after: number): Query['keys'] {
  if (after === 0) return { text: '#pk = :pk', values: { ':pk': runPk(id) } };
  return { text: '#pk = :pk AND #sk >= :sk', values: { ':pk': runPk(id), ':sk': eventsFrom(after + 1) } };
}

function assertWhole(head: Head, events: Item[], after: number, now: number): void {
  const { birth, position } = head;
  for (const [index, { sk }] of events.entries()) assertNoHole(birth.id, after + 1 + index, positionOf(sk));
  const end = after + events.length;
  const isCutOff = end < position && isExpiring(head, now);
  if (isCutOff)
    throw new Fault('corrupt', `The journal of run ${birth.id} ends at position ${end}, before ${position}.`);
}

/**
 * Whether records may be gone that the head has outlived: the journal expires before its head does, and goes piece by
 * piece. From then on a journal that lacks something is not damaged, and the run is over.
 */
function isExpiring({ birth }: Head, now: number): boolean {
  return now >= birth.deadline + birth.retention;
}

function inputOf(head: Item, items: Item[]): Payload {
  const isItsBirth = isBirthOf(String(head.nonce));
  const aside = items.find(({ sk }) => isItsBirth(sk));
  if (typeof aside?.input !== 'string' && !(aside?.input instanceof Uint8Array))
    throw damaged(head, 'the item with its input is missing');
  return inputIn(aside);
}
