import type { Clock } from '../../ports/clock.ts';
import { SqsError } from './errors.ts';
import type { SqsFaults } from './faults.ts';
import { createLocalQueue, type LocalQueue } from './queue.ts';
import { changedSettings, defaultSettings, type QueueSettings } from './settings.ts';

/** Queues by name, without any protocol. In memory: who closes it loses the messages. */
export interface SqsCore {
  /** The same name with the same settings is the same queue. Throws `QueueNameExists` where they differ. */
  create(name: string, settings: QueueSettings): LocalQueue;
  /** Throws `QueueDoesNotExist`. */
  get(name: string): LocalQueue;
  list(): LocalQueue[];
  change(name: string, settings: QueueSettings): void;
  /** At most once in 60 s. */
  purge(name: string): void;
  /** How many receives wait for a message, in all queues. */
  readonly waiting: number;
  close(): void;
}

export const accountId = '000000000000';
const purgePauseMs = 60_000;

export function createSqsCore({ clock, faults = {} }: { clock: Clock; faults?: SqsFaults }): SqsCore {
  const queues = new Map<string, LocalQueue>();
  const findByArn = (arn: string) => [...queues.values()].find((queue) => queue.arn === arn);

  function get(name: string): LocalQueue {
    const queue = queues.get(name);
    if (queue === undefined) throw new SqsError('QueueDoesNotExist', 'The specified queue does not exist.');
    return queue;
  }

  return {
    create(name, given) {
      if (!/^[\w-]{1,80}$/.test(name)) {
        throw new SqsError(
          'InvalidParameterValue',
          'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
        );
      }
      const settings = changedSettings(defaultSettings, given);
      const known = queues.get(name);
      if (known) {
        const differing = Object.keys(given).find((setting) => known.settings[setting] !== settings[setting]);
        if (differing === undefined) return known;
        throw new SqsError(
          'QueueNameExists',
          `A queue already exists with the same name and a different value for attribute ${differing}`,
        );
      }
      const arn = `arn:aws:sqs:us-east-1:${accountId}:${name}`;
      const queue = createLocalQueue({ name, arn, settings, clock, faults, findByArn });
      queues.set(name, queue);
      return queue;
    },

    get,
    list: () => [...queues.values()],

    change(name, settings) {
      const queue = get(name);
      queue.settings = changedSettings(queue.settings, settings);
      queue.settingsChangedAt = clock.now();
    },

    purge(name) {
      const queue = get(name);
      if (queue.purgedAt !== undefined && clock.now() < queue.purgedAt + purgePauseMs) {
        throw new SqsError(
          'PurgeQueueInProgress',
          `Only one PurgeQueue operation on ${name} is allowed every 60 seconds.`,
        );
      }
      queue.purge();
    },

    get waiting() {
      return [...queues.values()].reduce((sum, { waiting }) => sum + waiting, 0);
    },

    close() {
      for (const queue of queues.values()) queue.close();
      queues.clear();
    },
  };
}
