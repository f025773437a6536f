/** What a run of steps asks of its store, without the engine that asks it: so fast is the store alone. */
import { type Birth, type Chunk, FORMAT } from '../lib/kernel/events.ts';
import { defaultLimits } from '../lib/kernel/limits.ts';
import { newRunId } from '../lib/kernel/run-id.ts';
import type { Clock } from '../lib/ports/clock.ts';
import type { Ids } from '../lib/ports/ids.ts';
import type { Store } from '../lib/ports/store.ts';

const day = 24 * 60 * 60 * 1_000;

/** Creates a run, looks at it as its driver and whoever waits for it do, writes its steps and closes it. */
export async function askAsARunDoes(
  { store, clock, ids }: { store: Store; clock: Clock; ids: Ids },
  steps: number,
): Promise<void> {
  const createdAt = clock.now();
  const { leaseMs, graceMs } = defaultLimits;
  const driver = { id: `${ids.random().slice(0, 12)}.${ids.random().slice(0, 12)}`, leaseUntil: createdAt + leaseMs };
  const birth: Birth = {
    format: FORMAT,
    id: newRunId(ids, createdAt),
    nonce: ids.random(),
    workflow: 'chain',
    version: 1,
    input: String(steps),
    createdAt,
    deadline: createdAt + day,
    retention: 14 * day,
    origin: 'program',
    host: driver.id.slice(0, 12),
  };
  const { id, nonce } = birth;
  const expiresAt = birth.deadline + birth.retention;
  await store.create({ birth, position: 0, state: { status: 'pending', wakeAt: createdAt + graceMs }, expiresAt });
  await Promise.all([store.read(id), store.readHead(id)]);
  for (let position = 1; position <= steps; position += 1) {
    const at = clock.now();
    const key = `step-${position - 1}`;
    const chunk: Chunk = {
      format: FORMAT,
      nonce,
      position,
      id: `${driver.id}.${position}`,
      at,
      driver,
      events: [{ type: 'task_completed', at, key, kind: 'step', attempt: 1, startedAt: at, result: '1' }],
    };
    await store.append(id, chunk, { absorbed: [], expiresAt });
  }
  const closedAt = clock.now();
  await store.updateHead(
    id,
    { position: steps, state: { status: 'completed', closedAt }, expiresAt: closedAt + birth.retention },
    { nonce, positionAtMost: steps },
  );
}
