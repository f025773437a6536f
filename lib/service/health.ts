import type { Ports } from '../kernel/ports.ts';
import type { HealthView } from './api.ts';

type Check = HealthView['checks'][number];
type Status = Check['status'];

const severity: Status[] = ['healthy', 'warning', 'critical', 'unhealthy'];
const overdueMs = 120_000;
const sample = 100;

/** Whether Pawl can do its work, and what stands in the way. */
export async function checkHealth(ports: Ports, workers: number, version: string): Promise<HealthView> {
  const checks = [await attempt('store', () => checkStore(ports)), workersCheck(workers)];
  if (checks[0]?.status === 'healthy') {
    checks.push(await attempt('overdue', () => checkOverdue(ports)));
    checks.push(await attempt('blocked', () => checkBlocked(ports)));
    checks.push(await attempt('dead letters', () => checkDeadLetters(ports)));
  }
  const worst = Math.max(...checks.map(({ status }) => severity.indexOf(status)));
  return { status: severity[worst] as Status, checks, workers, version };
}

/** A check that cannot be made is an answer, too. */
async function attempt(name: string, check: () => Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    return { name, status: 'unhealthy', message: error instanceof Error ? error.message : String(error) };
  }
}

async function checkStore(ports: Ports): Promise<Check> {
  await ports.store.list({}, { limit: 1 });
  return { name: 'store', status: 'healthy', message: 'The store answers' };
}

function workersCheck(workers: number): Check {
  if (workers > 0) return { name: 'workers', status: 'healthy', message: `${workers} at work` };
  return { name: 'workers', status: 'warning', message: 'No worker is running: runs are accepted and wait' };
}

async function checkOverdue(ports: Ports): Promise<Check> {
  const { items } = await ports.store.listDue(ports.clock.now() - overdueMs, { limit: sample });
  if (items.length === 0) return { name: 'overdue', status: 'healthy', message: 'No run is overdue' };
  return {
    name: 'overdue',
    status: 'critical',
    message: `${count(items.length)} should have gone on more than 2 min ago: is a sweeper running?`,
  };
}

async function checkBlocked(ports: Ports): Promise<Check> {
  const { items } = await ports.store.list({ status: 'blocked' }, { limit: sample });
  if (items.length === 0) return { name: 'blocked', status: 'healthy', message: 'No run is blocked' };
  return {
    name: 'blocked',
    status: 'warning',
    message: `${count(items.length)} cannot go on: list them with status blocked`,
  };
}

async function checkDeadLetters(ports: Ports): Promise<Check> {
  const dead = await ports.queue.countDeadLetters();
  if (dead === 0) return { name: 'dead letters', status: 'healthy', message: 'No message ran out of receives' };
  const messages = dead === 1 ? '1 message' : `${dead} messages`;
  return {
    name: 'dead letters',
    status: 'warning',
    message: `${messages} could not be handled: redrive sends them once more`,
  };
}

function count(found: number): string {
  return found >= sample ? `${sample} runs or more` : `${found} run${found === 1 ? '' : 's'}`;
}
