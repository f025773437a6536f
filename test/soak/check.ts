/** What has to be true of all runs once the processes rest. Answers with what is not. */
import { type HistoryEntry, openPawl, type Pawl, type RunView } from 'pawl';
import type { Told } from './demand.ts';
import type { Effects } from './effects.ts';
import { hasEnded, type Plan } from './plans.ts';

const pageSize = 1_000;

export interface Findings {
  facts: string[];
  runs: number;
  completed: number;
  steps: number;
}

export async function checkRuns(dataDir: string, told: Told[], effects: Effects): Promise<Findings> {
  const pawl = await openPawl({ workflows: [], dataDir, worker: false });
  const findings: Findings = { facts: [], runs: 0, completed: 0, steps: 0 };
  try {
    const accepted = new Map(told.flatMap((entry) => (entry.id === undefined ? [] : [[entry.id, entry] as const])));
    const tokens = new Set([...effects.values()].flat().map(({ token }) => token));
    const listed = await listAll(pawl, findings.facts);
    for (const id of accepted.keys()) {
      if (!listed.has(id)) findings.facts.push(`${id} was accepted and is in no list`);
    }
    for (const id of new Set([...listed, ...accepted.keys()])) {
      const complain = (what: string) => findings.facts.push(`${id}: ${what}`);
      const view = await pawl.getRun(id).catch((error: unknown) => String(error));
      if (typeof view === 'string') {
        complain(view);
        continue;
      }
      const history = await historyOf(pawl, id);
      findings.runs += 1;
      if (view.status === 'completed') findings.completed += 1;
      findings.steps += checkHistory(view, history, effects, complain);
      const entry = accepted.get(id);
      if (entry !== undefined) checkPlan(entry, view, history, complain);
      if (view.status === 'completed') checkOutput(view, history, tokens, complain);
    }
  } finally {
    await pawl.close();
  }
  return findings;
}

async function listAll(pawl: Pawl, facts: string[]): Promise<Set<string>> {
  const listed = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await pawl.listRuns({ limit: 100, ...(cursor !== undefined && { cursor }) });
    for (const { id } of page.items) {
      if (listed.has(id)) facts.push(`${id} is listed twice`);
      listed.add(id);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return listed;
}

async function historyOf(pawl: Pawl, id: string): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page: Awaited<ReturnType<Pawl['getHistory']>> = await pawl.getHistory(id, { after, limit: pageSize });
    entries.push(...page.items);
    after = page.next;
  }
  return entries;
}

type Complain = (what: string) => void;

/** What holds for every run. Answers with the number of steps that completed. */
function checkHistory(view: RunView, history: HistoryEntry[], effects: Effects, complain: Complain): number {
  let position = 0;
  let steps = 0;
  const outcomes = new Map<string, HistoryEntry>();
  const heard = new Set<unknown>();
  for (const [index, entry] of history.entries()) {
    if (entry.seq !== index + 1) complain(`event ${index + 1} has the number ${entry.seq}`);
    // A claim alone shows no event. That no position is missing is checked by whoever reads the journal.
    if (entry.position < position) complain(`after position ${position} comes ${entry.position}`);
    position = entry.position;
    if (entry.type === 'run_signalled') {
      if (heard.has(entry.id)) complain(`the signal ${String(entry.id)} was heard twice`);
      heard.add(entry.id);
    }
    if (entry.type !== 'task_completed' && entry.type !== 'task_failed') continue;
    const key = String(entry.key);
    if (outcomes.has(key)) complain(`${key} has two outcomes`);
    outcomes.set(key, entry);
    if (entry.kind !== 'step' || key === 'note') continue;
    const begun = effects.get(`${view.id} ${key}`) ?? [];
    const later = begun.find(({ at }) => at > Date.parse(entry.at));
    if (later) complain(`${key} was recorded at ${entry.at}, and began again at ${new Date(later.at).toISOString()}`);
    if (entry.type === 'task_failed') continue;
    steps += 1;
    if (begun.length === 0) complain(`${key} is recorded and never began`);
    if (!begun.some(({ token }) => token === entry.result)) complain(`${key}: no attempt gave ${String(entry.result)}`);
  }
  if (view.workflow === 'once') {
    for (const key of outcomes.keys()) {
      const begun = effects.get(`${view.id} ${key}`)?.length ?? 0;
      if (begun > 1) complain(`${key} runs at most once, and began ${begun} times`);
    }
  }
  const ends = history.filter(({ type }) => /^run_(completed|failed|cancelled)$/.test(type));
  if (hasEnded(view) && ends.length !== 1) complain(`it is ${view.status}, and its history has ${ends.length} ends`);
  if (ends.length > 0 && !/^run_(completed|failed|cancelled)$/.test(history.at(-1)?.type ?? ''))
    complain(`after its end comes ${String(history.at(-1)?.type)}`);
  return steps;
}

function checkPlan({ plan, ended }: Told, view: RunView, history: HistoryEntry[], complain: Complain): void {
  if (view.workflow !== plan.workflow) complain(`it is a run of ${view.workflow}, not of ${plan.workflow}`);
  if (view.status !== plan.end)
    complain(
      `${plan.workflow} is ${view.status}, not ${plan.end}: ${JSON.stringify(view.error ?? view.blocked ?? '')}`,
    );
  if (ended !== undefined) {
    const before = JSON.stringify([ended.status, ended.output, ended.events]);
    const now = JSON.stringify([view.status, view.output, view.events]);
    if (before !== now) complain(`it had ended as ${before}, and is now ${now}`);
  }
  if (plan.workflow === 'letters') checkLetters(plan, view, history, complain);
  if (plan.workflow === 'undone') checkUndone(history, complain);
}

function checkLetters({ letters }: Plan, view: RunView, history: HistoryEntry[], complain: Complain): void {
  const sent = JSON.stringify(letters.map(({ payload }) => payload));
  const { taken } = (view.output ?? {}) as { taken?: unknown };
  if (view.status === 'completed' && JSON.stringify(taken) !== sent)
    complain(`of the signals ${sent} it took ${JSON.stringify(taken)}`);
  const heard = history.filter(({ type }) => type === 'run_signalled').length;
  if (heard !== letters.length) complain(`${letters.length} signals were accepted, and ${heard} are in its history`);
}

/** What was done is undone, in reverse. */
function checkUndone(history: HistoryEntry[], complain: Complain): void {
  const completed = history.filter(({ type, kind }) => type === 'task_completed' && kind === 'step');
  const keys = completed.map(({ key }) => String(key));
  const done = keys.filter((key) => !key.startsWith('compensate:'));
  const undone = keys.flatMap((key) => /^compensate:(.*)#\d+$/.exec(key)?.[1] ?? []);
  if (undone.join() !== done.toReversed().join()) complain(`it did ${done.join()} and undid ${undone.join()}`);
}

interface Output {
  tokens?: string[];
  grown?: string[];
  outcomes?: string[];
  same?: boolean;
}

/** Replay has returned what was recorded: the output is made of it. */
function checkOutput(view: RunView, history: HistoryEntry[], logged: Set<string>, complain: Complain): void {
  const { tokens = [], grown = [], outcomes = [], same = true } = (view.output ?? {}) as Output;
  if (!same) complain('what the context drew is not what it drew before');
  const steps = history.filter(({ type, kind, key }) => type === 'task_completed' && kind === 'step' && key !== 'note');
  const recorded = steps.map(({ result }) => String(result)).sort();
  const known = outcomes.filter((outcome) => outcome !== 'OutcomeUnknownError');
  const given = [...tokens, ...known].sort();
  if (given.join() !== recorded.join()) complain(`its output has ${given.join()}, and recorded is ${recorded.join()}`);
  for (const token of grown) if (!logged.has(token)) complain(`a child gave ${token}, which no step did`);
}
