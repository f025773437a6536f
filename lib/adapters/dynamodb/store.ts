/**
 * The store on DynamoDB. Owns: which items stand for a run and which write decides. Each decision is one conditional
 * write; there is no transaction and no scan. When a condition fails, the item that stands is read and answers.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Head } from '../../kernel/head.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Store } from '../../ports/store.ts';
import { isAbsent } from '../store-rules.ts';
import { createDynamoCalls } from './calls.ts';
import { guardHolds, isFree, isOfRun, noRunLivesThere } from './conditions.ts';
import { changeName, fromHeadItem, isChangedBy, toHeadItems, toHeadUpdate } from './head-item.ts';
import { headKey, isBirthOf, isEventOf, isMailOf, type Key, mailKey, runPk } from './keys.ts';
import { listDue, listHeads } from './lists.ts';
import { fromEventItem, toEventItem, toMailItem } from './record-items.ts';
import { readEnd, readRun } from './run-reader.ts';
import { createSettingsKeeper } from './settings.ts';
import { createTableClient, type Item } from './table-client.ts';

export interface DynamoStoreOptions {
  /** With `maxAttempts: 1`: the store tries again itself. It is not closed with the store. */
  client: DynamoDBClient;
  tableName: string;
  clock: Clock;
  ids: Ids;
  /** Over how many partitions each index is spread. Default: as stored, at first 4. It can be changed at any time. */
  indexShards?: number;
}

/**
 * In a journal up to this position, absorbed mail is left to its expiry: a delete costs as much as reading it some twenty
 * times, and a short journal is not read that often. Beside a long one it would be read with every look at the tail.
 */
const MAIL_STAYS_UNTIL = 32;

export function createDynamoStore({ client, tableName, clock, ids, indexShards }: DynamoStoreOptions): Store {
  const calls = createDynamoCalls({ clock, ids });
  const table = createTableClient({ client, tableName, calls });
  const settings = createSettingsKeeper(table, clock, indexShards);
  let lastOrder = 0;

  function toLivingHead(item: Item | undefined): Head | undefined {
    const head = item && fromHeadItem(item);
    return head === undefined || isAbsent(head, clock.now()) ? undefined : head;
  }

  /** Always later than before. */
  function nextOrder(): number {
    lastOrder = Math.max(lastOrder + 1, Math.round(clock.now() * 1_000));
    return lastOrder;
  }

  /** What is not removed expires. */
  async function tryToRemove(keys: Key[]): Promise<void> {
    await table.removeMany(keys).catch(() => {});
  }

  return {
    async create(head) {
      const { id, nonce, workflow } = head.birth;
      const { shards } = await settings.noted(workflow);
      const { item, aside } = toHeadItems(head, shards);
      if (aside !== undefined) await table.put(aside);
      for (;;) {
        const put = await table.put(item, noRunLivesThere(clock.now()));
        if (put.held) return { created: true, head: structuredClone(head) };
        const standing = toLivingHead(await table.get(headKey(id)));
        // It has expired, or been deleted, between the two.
        if (standing === undefined) continue;
        const isSame = standing.birth.nonce === nonce;
        if (isSame && put.mayBeOwn) {
          return { created: true, head: { ...standing, birth: structuredClone(head.birth) } };
        }
        if (aside !== undefined && !isSame) await tryToRemove([aside]);
        return { created: false, head: standing };
      }
    },

    read: (id, after = 0) => readRun(table, id, after, clock.now()),

    async readHead(id) {
      return toLivingHead(await table.get(headKey(id)));
    },

    readEnd: (id) => readEnd(table, id, clock.now()),

    async append(id, chunk, { absorbed = [], expiresAt } = {}) {
      const { nonce, position } = chunk;
      const item = toEventItem(id, chunk, expiresAt);
      for (;;) {
        const put = await table.put(item, isFree);
        if (!put.held) {
          const standing = await table.get(item);
          // The whole run has been deleted between the two.
          if (standing === undefined) continue;
          const found = fromEventItem(standing, nonce);
          if (!put.mayBeOwn || found.id !== chunk.id) return { appended: false, found };
        }
        if (position > MAIL_STAYS_UNTIL) await tryToRemove(absorbed.map((mail) => mailKey(id, nonce, mail)));
        return { appended: true };
      }
    },

    async updateHead(id, change, guard) {
      const { shards } = await settings.known();
      const name = changeName(ids.random());
      const update = toHeadUpdate(id, change, shards, name);
      const written = await table.update(headKey(id), update, guardHolds(guard, clock.now()));
      return written.held || (written.mayBeOwn && isChangedBy(await table.get(headKey(id)), name));
    },

    async putMail(id, nonce, mail, expiresAt) {
      await table.put(toMailItem(id, nonce, mail, nextOrder(), expiresAt), isFree);
    },

    async list(filter, page) {
      return listHeads({ table, settings: await settings.recent(), now: clock.now() }, filter, page);
    },

    async listDue(until, page) {
      return listDue({ table, settings: await settings.recent(), now: clock.now() }, until, page);
    },

    async deleteRun(id, nonce) {
      const [isEvent, isMail, isBirth] = [isEventOf(nonce), isMailOf(nonce), isBirthOf(nonce)];
      const all = table.query({
        keys: { text: '#pk = :pk', values: { ':pk': runPk(id) } },
        attributes: ['pk', 'sk'],
      });
      for await (const page of all) {
        const own = page.filter(({ sk }) => isEvent(sk) || isMail(sk) || isBirth(sk));
        await table.removeMany(own);
      }
      await table.remove(headKey(id), isOfRun(nonce));
    },

    async purgeExpired() {
      return [];
    },

    async close() {
      calls.close();
    },
  };
}
