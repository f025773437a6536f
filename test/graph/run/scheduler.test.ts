import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHeap } from '../../../lib/graph/run/heap.ts';
import { createLane, createScheduler, type Lane, type Startable } from '../../../lib/graph/run/scheduler.ts';

test('a heap gives what a sort gives', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ max: 20, min: 0 }), { nil: undefined })), (commands) => {
      const heap = createHeap<number>((a, b) => a < b);
      const model: number[] = [];
      for (const value of commands) {
        if (value === undefined) expect(heap.pop()).toBe(model.sort((a, b) => a - b).shift());
        else {
          heap.push(value);
          model.push(value);
        }
        expect(heap.size).toBe(model.length);
        expect(heap.peek()).toBe([...model].sort((a, b) => a - b)[0]);
      }
    }),
  );
});

function unexpected(error: unknown): never {
  throw error;
}

interface Entry {
  name: number;
  priority: number;
  order: number;
  takesSlot: boolean;
  lane: number | undefined;
}

type Command =
  | { do: 'add'; entries: Omit<Entry, 'name'>[] }
  | { do: 'release'; which: number }
  | { do: 'drop'; which: number };

const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('add' as const),
      entries: fc.array(
        fc.record({
          priority: fc.integer({ min: 0, max: 3 }),
          order: fc.integer({ min: 0, max: 3 }),
          takesSlot: fc.boolean(),
          lane: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
    fc.record({ do: fc.constant('release' as const), which: fc.nat() }),
    fc.record({ do: fc.constant('drop' as const), which: fc.nat({ max: 2 }) }),
  ),
  { maxLength: 60 },
);

/** Looks at everything that waits each time, which is what the real one must not do. */
function createModel(slots: number, laneLimits: number[]) {
  const waiting: Entry[] = [];
  const running: Entry[] = [];
  const inLane = (lane: number) => running.filter((entry) => entry.lane === lane).length;
  const mayStart = ({ takesSlot, lane }: Entry) =>
    (!takesSlot || running.filter((entry) => entry.takesSlot).length < slots) &&
    (lane === undefined || inLane(lane) < (laneLimits[lane] as number));
  return {
    waiting,
    running,
    go(): number[] {
      const started: number[] = [];
      for (;;) {
        const [best] = waiting
          .filter(mayStart)
          .sort((a, b) => b.priority - a.priority || a.order - b.order || a.name - b.name);
        if (!best) return started;
        waiting.splice(waiting.indexOf(best), 1);
        running.push(best);
        started.push(best.name);
      }
    },
  };
}

describe('the scheduler', () => {
  test('starts exactly what a search through all that waits would start, in the same order', () => {
    const limits = fc.tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 3 }),
    );
    fc.assert(
      fc.property(limits, commands, ([slots, laneLimits], all) => {
        const scheduler = createScheduler(slots, unexpected);
        const lanes = laneLimits.map(createLane);
        const model = createModel(slots, laneLimits);
        const running: { name: number; entry: Startable }[] = [];
        const dropped = new Set<Lane>();
        let started: number[] = [];
        let names = 0;
        for (const command of all) {
          started = [];
          if (command.do === 'add') {
            for (const each of command.entries) {
              names += 1;
              const name = names;
              const lane = each.lane === undefined ? undefined : (lanes[each.lane] as Lane);
              if (lane && dropped.has(lane)) continue;
              const entry: Startable = {
                ...each,
                lane,
                isWanted: () => lane === undefined || !dropped.has(lane),
                start() {
                  started.push(name);
                  running.push({ name, entry });
                },
              };
              scheduler.enqueue(entry);
              model.waiting.push({ ...each, name });
            }
          } else if (command.do === 'release') {
            const [left] = running.splice(command.which % Math.max(1, running.length), 1);
            if (!left) continue;
            scheduler.release(left.entry);
            model.running.splice(
              model.running.findIndex(({ name }) => name === left.name),
              1,
            );
          } else {
            // The body of a lane ends: nothing of it is wanted any more, and what it had is free.
            const lane = lanes[command.which] as Lane;
            dropped.add(lane);
            for (const { entry } of running.filter(({ entry }) => entry.lane === lane)) scheduler.release(entry);
            running.splice(0, running.length, ...running.filter(({ entry }) => entry.lane !== lane));
            for (const list of [model.waiting, model.running]) {
              list.splice(0, list.length, ...list.filter((entry) => entry.lane !== command.which));
            }
          }
          scheduler.go();
          expect(started).toEqual(model.go());
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('decides everything, one after the other and by priority, before it starts anything', async () => {
    const scheduler = createScheduler(1, unexpected);
    const log: string[] = [];
    const turn = (priority: number, order: number) => ({ priority, order, isWanted: () => true });
    const decide = (name: string, priority: number, then = () => {}) =>
      scheduler.decide(turn(priority, 0), async () => {
        log.push(`${name} begins`);
        await Promise.resolve();
        log.push(`${name} ends`);
        then();
      });
    const enqueue = (name: string, priority: number) =>
      scheduler.enqueue({ ...turn(priority, 0), takesSlot: true, lane: undefined, start: () => void log.push(name) });
    enqueue('low', 0);
    decide('first', 0, () => enqueue('high', 1));
    decide('second', 5);
    scheduler.go();
    await new Promise(setImmediate);
    expect(log).toEqual(['second begins', 'second ends', 'first begins', 'first ends', 'high']);
  });

  test('passes over what is no longer wanted', async () => {
    const scheduler = createScheduler(5, unexpected);
    const log: string[] = [];
    let wanted = true;
    const turn = { priority: 0, order: 0, isWanted: () => wanted };
    scheduler.decide(turn, () => {
      wanted = false;
    });
    scheduler.decide(turn, () => void log.push('decided'));
    scheduler.enqueue({ ...turn, takesSlot: true, lane: undefined, start: () => void log.push('started') });
    scheduler.go();
    await new Promise(setImmediate);
    expect(log).toEqual([]);
  });
});
