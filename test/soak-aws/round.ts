/**
 * One round of the soak: services, processes and people; a storm of faults; then calm, in which every run has to end.
 * Owns: when what goes wrong. Does not own: what has to hold afterwards.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createDynamoStore } from '../../lib/adapters/dynamodb/store.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';
import { startEventSource } from '../../lib/dev/event-source.ts';
import { startGateway } from '../../lib/dev/gateway.ts';
import { type LocalServices, startLocalServices } from '../../lib/dev/services.ts';
import type { RunRecord } from '../../lib/ports/store.ts';
import { check } from './check.ts';
import { createPeople, type People } from './people.ts';
import { type Chance, createChance, createSqsFaults } from './plan.ts';
import type { Effect } from './protocol.ts';
import { openSandboxes, type Sandboxes, timeoutsMs } from './sandboxes.ts';
import { createSoakTime, type SoakTime } from './time.ts';

export interface RoundOptions {
  seed: number;
  /** The built file of `sandbox.ts`. */
  file: string;
  /** In real ms. */
  stormMs: number;
  /** Most runs that people start. */
  progress?(line: string): void;
}

export interface RoundResult {
  seed: number;
  violations: string[];
  counts: Record<string, number>;
  /** What processes complained of, each kind once with its number. */
  troubles: Record<string, number>;
}

const second = 1_000;
const minute = 60 * second;
const visibilityMs = 6 * timeoutsMs.driver;
const maxReceives = 5;
/** After so many sweeps in calm weather every run has ended. */
const mostSweeps = 30;
const people = 8;
const sizes = { api: 3, driver: 5, sweeper: 1 };
/** In calm weather what is under way has to come to rest in this time, in virtual ms: an invocation lasts no longer. */
const restMs = 3 * minute;
/** In which people have to get their answers, in virtual ms. */
const insistMs = 30 * minute;

interface Stage {
  services: LocalServices;
  sandboxes: Sandboxes;
  time: SoakTime;
  asked: People;
  counts: Record<string, number>;
  violations: string[];
}

export async function runRound({ seed, file, stormMs, progress = () => {} }: RoundOptions): Promise<RoundResult> {
  const folder = mkdtempSync(join(tmpdir(), 'pawl-soak-aws-'));
  const effectsFile = join(folder, 'effects');
  const chance = createChance(seed, 'chaos');
  writeFileSync(effectsFile, '');
  const time = createSoakTime(() => (opened?.busy ?? 0) === 0);
  let opened: Sandboxes | undefined;
  const violations: string[] = [];
  const counts: Record<string, number> = {};
  const troubles: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const baseRate = chance.pick([0.01, 0.05, 0.15]);
  let rate = baseRate;
  let isOut = false;
  const sqsFaults = createSqsFaults(createChance(seed, 'queue'), () => rate);
  const services = await startLocalServices({ clock: time.clock, visibilityMs, sqsFaults });
  const outlives = createChance(seed, 'afterlife');
  const sandboxes = await openSandboxes({
    ...{ file, sizes, seed, time, endpoints: services.endpoints, effects: effectsFile },
    environment: { ...services.environment, driverTimeoutMs: timeoutsMs.driver, deployment: 'soak' },
    rate: () => rate,
    outlives: () => outlives.happens(0.5),
    troubled(run, trouble) {
      const kind = trouble
        .replace(/^\S+ /, '')
        .replaceAll(run || '<run>', '<run>')
        .replace(/[\w./#"-]{20,}|\d+/g, '…')
        .slice(0, 160);
      troubles[kind] = (troubles[kind] ?? 0) + 1;
      if (/died|TypeError|RangeError|corrupt|damaged/.test(trouble)) violations.push(`${run} ${trouble}`);
    },
  });
  opened = sandboxes;
  const gateway = await startGateway({
    port: 0,
    failed: () => count('api invocations that failed'),
    invoke: (event) => sandboxes.invoke('api', event) as never,
  });

  const batches = createChance(seed, 'batches');
  const source = startEventSource({
    sqs: services.clients.sqs,
    queueUrl: services.environment.queueUrl,
    concurrency: sizes.driver,
    failed: () => count('batches that failed'),
    async invoke(event: SQSEvent) {
      if (isOut) throw new Error('nobody takes batches now');
      count('batches');
      const once = () => sandboxes.invoke('driver', event) as Promise<SQSBatchResponse>;
      if (rate === 0 || !batches.happens(0.05)) return once();
      count('batches given to two processes');
      const both = [once(), once()] as const;
      both[1].catch(() => {});
      return both[0];
    },
  });
  const asked = createPeople({ url: gateway.url, chance: createChance(seed, 'people'), seed });
  const stage: Stage = { services, sandboxes, time, asked, counts, violations };

  const sweep = async () => {
    count('sweeps');
    await sandboxes.invoke('sweeper', {}).catch(() => count('sweeps that failed'));
  };
  let cancelTick = () => {};
  const tick = () => {
    cancelTick = time.clock.schedule(time.clock.now() + minute, tick);
    if (rate > 0 && chance.happens(0.1)) return;
    void sweep();
    if (rate > 0 && chance.happens(0.15)) void sweep();
  };

  try {
    tick();
    const stormEnds = Date.now() + stormMs;
    const isStorm = () => Date.now() < stormEnds;
    await Promise.all([
      ...Array.from({ length: people }, () => actWhile(asked, isStorm)),
      chaos({
        ...{ chance, sandboxes, time, count, isStorm },
        async outage() {
          isOut = true;
          for (let receive = 0; receive <= maxReceives; receive += 1) {
            time.skip(visibilityMs + minute);
            await pause(150);
          }
          isOut = false;
        },
        rise(factor) {
          rate = Math.min(0.5, baseRate * factor);
        },
        garbage: () => void services.clients.sqs.send(garbage(services, chance)).catch(() => {}),
      }),
    ]);
    cancelTick();
    rate = 0;
    isOut = false;
    for (const sandbox of sandboxes.all()) {
      sandbox.mend();
      sandbox.thaw();
    }
    progress(`seed ${seed}: calm after ${asked.wishes.length} wishes, rate ${baseRate}`);
    const isInVain = await Promise.race([asked.insist(), time.pause(insistMs).then(() => true)]);
    if (isInVain) violations.push(`People waited in vain when all was well again: ${sandboxes.describe()}`);
    await calm(stage, sweep);
    const effects = readEffects(effectsFile);
    const records = await readAll(stage);
    const findings = check(records, asked.wishes, effects);
    violations.push(...asked.violations, ...findings.violations);
    Object.assign(counts, { runs: records.size, effects: effects.length, 'steps blamed': findings.blamed });
    if (violations.length > 0) await describe(stage, records);
  } finally {
    cancelTick();
    time.stop();
    await gateway.close();
    await sandboxes.close();
    await source.stop();
    await services.close();
    rmSync(folder, { recursive: true, force: true });
  }
  Object.assign(counts, sandboxes.counts(), asked.counts, { 'processes born': sandboxes.born });
  return { seed, violations, counts, troubles };
}

async function actWhile(asked: People, isStorm: () => boolean): Promise<void> {
  while (isStorm()) await asked.act();
}

interface Chaos {
  chance: Chance;
  sandboxes: Sandboxes;
  time: SoakTime;
  count(what: string): void;
  isStorm(): boolean;
  /** Nobody takes batches, until messages become dead letters. */
  outage(): Promise<void>;
  /** How bad the lines are. */
  rise(factor: number): void;
  garbage(): void;
}

async function chaos({ chance, sandboxes, time, count, isStorm, outage, rise, garbage }: Chaos): Promise<void> {
  while (isStorm()) {
    await time.pause(500 + chance.below(4_000));
    const kind = chance.below(100);
    const place = chance.fraction();
    const aim = chance.happens(0.8) ? 'driver' : '';
    const busy = sandboxes.all().filter(({ name, isBusy, isFrozen }) => isBusy && !isFrozen && name.startsWith(aim));
    const victim = busy[Math.floor(place * busy.length)];
    const lasts = 200 + chance.below(chance.happens(0.5) ? 50_000 : 5_000);
    if (kind < 35) {
      if (victim === undefined) continue;
      count('kills');
      void victim.kill();
    } else if (kind < 60) {
      if (victim === undefined) continue;
      count('freezes');
      victim.freeze();
      void time.pause(lasts).then(() => victim.thaw());
    } else if (kind < 75) {
      if (victim === undefined) continue;
      count('cuts');
      victim.cut();
      if (chance.happens(0.5)) void time.pause(lasts).then(() => victim.mend());
      else void time.pause(lasts).then(() => victim.kill());
    } else if (kind < 85) rise(chance.pick([0.2, 1, 3]));
    else if (kind < 87) garbage();
    else if (kind < 88 && chance.happens(0.4)) {
      count('outages of the driver');
      await outage();
    }
  }
}

function garbage({ environment }: LocalServices, chance: Chance): SendMessageCommand {
  const bodies = ['not json', '{}', '{"format":99,"message":{}}', '{"format":1,"message":{"kind":"wake"}}'];
  return new SendMessageCommand({ QueueUrl: environment.queueUrl, MessageBody: chance.pick(bodies) });
}

/** Sweeps, as time passes, until no run is open. */
async function calm(stage: Stage, sweep: () => Promise<void>): Promise<void> {
  const { time, counts, violations } = stage;
  for (let sweeps = 0; sweeps <= mostSweeps; sweeps += 1) {
    await rest(stage);
    const open = await countOpen(stage);
    counts['sweeps until all had ended'] = sweeps;
    if (open === 0) return;
    time.skip(minute);
    await sweep();
  }
  violations.push(`(5) ${await countOpen(stage)} runs are open after ${mostSweeps} sweeps without any fault`);
}

/** Until no invocation is under way and no message is to be seen. */
async function rest({ services, sandboxes, time, violations }: Stage): Promise<void> {
  const { queueUrl: QueueUrl } = services.environment;
  const AttributeNames: 'ApproximateNumberOfMessages'[] = ['ApproximateNumberOfMessages'];
  const giveUpAt = time.clock.now() + restMs;
  for (let quiet = 0; quiet < 3; ) {
    const { Attributes } = await services.clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
    const isQuiet = sandboxes.busy === 0 && Attributes?.ApproximateNumberOfMessages === '0';
    quiet = isQuiet ? quiet + 1 : 0;
    if (time.clock.now() > giveUpAt) return void violations.push(`No rest: ${sandboxes.describe()}`);
    await pause(20);
  }
}

/** Ids of all runs, by whether they are open. */
async function scanHeads({ services }: Stage): Promise<{ id: string; isOpen: boolean }[]> {
  const found: { id: string; isOpen: boolean }[] = [];
  let ExclusiveStartKey: Record<string, never> | undefined;
  do {
    const page = await services.clients.dynamodb.send(
      new ScanCommand({
        TableName: services.environment.table,
        FilterExpression: 'sk = :head',
        ExpressionAttributeValues: { ':head': { S: 'head' } },
        ...(ExclusiveStartKey && { ExclusiveStartKey }),
      }),
    );
    for (const { pk, wakeAt } of page.Items ?? []) {
      if (pk?.S?.startsWith('run#')) found.push({ id: pk.S.slice('run#'.length), isOpen: wakeAt !== undefined });
    }
    ExclusiveStartKey = page.LastEvaluatedKey as typeof ExclusiveStartKey;
  } while (ExclusiveStartKey !== undefined);
  return found;
}

async function countOpen(stage: Stage): Promise<number> {
  return (await scanHeads(stage)).filter(({ isOpen }) => isOpen).length;
}

async function readAll(stage: Stage): Promise<Map<string, RunRecord>> {
  const { services, time, violations } = stage;
  const store = createDynamoStore({
    ...{ client: services.clients.dynamodb, tableName: services.environment.table },
    ...{ clock: time.clock, ids: systemIds },
  });
  const records = new Map<string, RunRecord>();
  for (const { id } of await scanHeads(stage)) {
    const record = await store.read(id).catch((error: unknown) => {
      violations.push(`run ${id} cannot be read: ${error}`);
      return undefined;
    });
    if (record) records.set(id, record);
  }
  return records;
}

/** The journals of those that violations name, for whoever looks for the reason. */
async function describe({ violations }: Stage, records: Map<string, RunRecord>): Promise<void> {
  for (const [id, { head, chunks, mail }] of records) {
    if (!violations.some((what) => what.includes(id))) continue;
    violations.push(`  ${id}: ${JSON.stringify({ head, chunks, mail }).slice(0, 6_000)}`);
  }
}

function readEffects(file: string): Effect[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Effect);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
