/**
 * Kills the processes of one data directory again and again while they are asked for work, then lets two of them finish
 * what is there, and checks all of it. When who is killed follows from the seed; what that hits does not.
 */
import { seededFraction } from '../kernel/harness.ts';
import { checkRuns, type Findings } from './check.ts';
import { startDemand } from './demand.ts';
import { countRepeated, readEffects } from './effects.ts';
import { type Actor, type Kind, prepareStage, startActor } from './processes.ts';

export interface SoakOptions {
  dir: string;
  kills: number;
  seed: number;
  /** Stops killing after this, in ms. */
  longestMs?: number;
  workers?: number;
  servers?: number;
  /** Plans under way at the same time. */
  together?: number;
  onProgress?: (progress: { kills: number; accepted: number; seconds: number }) => void;
}

export interface SoakResult extends Findings {
  kills: number;
  accepted: number;
  effects: number;
  repeated: number;
  seconds: number;
}

const progressMs = 5_000;
/** What is there when the killing ends has to end within this. */
const finishWithinMs = 180_000;
/** Of all deaths, those of a process that is not up yet, and those in which all die at once. */
const deathsAtStart = 0.1;
const deathsOfAll = 0.04;

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { dir, kills, seed, longestMs = Number.POSITIVE_INFINITY, workers = 3, servers = 1, together = 40 } = options;
  const stage = await prepareStage(dir);
  const began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 100) / 10;
  const alive = new Set<Actor>();
  const up = new Set<Actor>();
  const facts: string[] = [];
  const stop = new AbortController();
  let killed = 0;
  let isOver = false;

  function begin(kind: Kind, fsync: 'batch' | 'never'): Actor {
    const actor = startActor(stage, kind, { fsync });
    alive.add(actor);
    actor.ready.then(
      () => up.add(actor),
      () => {},
    );
    void actor.ended.then(({ code, signal }) => {
      alive.delete(actor);
      up.delete(actor);
      if (signal === 'SIGKILL' || (isOver && code === 0)) return;
      facts.push(`a ${kind} ended by itself with ${signal ?? code}: ${actor.complaints()}`);
      isOver = true;
      stop.abort(new Error('a process ended by itself'));
    });
    return actor;
  }

  function kill(actor: Actor): void {
    if (isOver || !alive.delete(actor)) return;
    up.delete(actor);
    killed += 1;
    actor.process.kill('SIGKILL');
    if (killed >= kills || performance.now() - began > longestMs) isOver = true;
  }

  /** One place for a process: whoever dies in it is followed by another. */
  async function place(kind: Kind, random: () => number): Promise<void> {
    while (!isOver) {
      const fsync = (['batch', 'never'] as const)[Math.floor(random() * 2)] ?? 'batch';
      const [diesAtStart, diesWithAll, fraction] = [random() < deathsAtStart, random() < deathsOfAll, random()];
      const actor = begin(kind, fsync);
      if (!diesAtStart) await actor.ready.catch(() => {});
      const lifeMs = kind === 'server' ? 200 + fraction * 1_300 : 50 + fraction * 550;
      const over = new Promise((resolve) => setTimeout(resolve, lifeMs));
      await Promise.race([over, actor.ended]);
      for (const victim of diesWithAll ? [...alive] : [actor]) kill(victim);
      if (!isOver || !alive.has(actor)) await actor.ended;
    }
  }

  const demand = startDemand({
    random: seededFraction(seed),
    together,
    actors: () => [...up],
    signal: stop.signal,
  });
  const accepted = () => demand.told.filter(({ id }) => id !== undefined).length;
  const progress = () => options.onProgress?.({ kills: killed, accepted: accepted(), seconds: seconds() });
  const ticking = setInterval(progress, progressMs);
  try {
    const kinds = [...Array<Kind>(workers).fill('worker'), ...Array<Kind>(servers).fill('server')];
    await Promise.all(kinds.map((kind, i) => place(kind, seededFraction(seed * 1_000 + i + 1))));
    for (const actor of alive) actor.process.kill('SIGKILL');
    await Promise.all([...alive].map(({ ended }) => ended));
    await finish();
  } finally {
    clearInterval(ticking);
    for (const actor of alive) actor.process.kill('SIGKILL');
  }
  const effects = readEffects(stage.effectsFile);
  const findings = await checkRuns(stage.dataDir, demand.told, effects);
  return {
    ...findings,
    facts: [...facts, ...demand.facts, ...findings.facts],
    kills: killed,
    accepted: accepted(),
    effects: [...effects.values()].flat().length,
    repeated: countRepeated(effects),
    seconds: seconds(),
  };

  /** All that was accepted ends now, since nobody dies any more. */
  async function finish(): Promise<void> {
    const last = [begin('worker', 'batch'), begin('worker', 'batch')];
    const late = setTimeout(() => stop.abort(new Error('late')), finishWithinMs);
    await demand.finish();
    clearTimeout(late);
    if (stop.signal.aborted) {
      const open = demand.told.filter(
        ({ ended, id, plan }) => ended === undefined && !(plan.unkeyed && id === undefined),
      );
      facts.push(`not ended ${finishWithinMs / 1_000} s after the last kill: ${open.map(({ id }) => id).join(', ')}`);
    }
    for (const actor of last) actor.process.stdin?.end();
    await Promise.all(last.map(({ ended }) => ended));
  }
}
