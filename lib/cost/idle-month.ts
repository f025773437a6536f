/** What a deployment costs in a month in which no run does anything, line by line. Pure. */
import { sweeperMetrics } from '../wiring/aws/names.ts';
import type { Assumptions } from './assumptions.ts';
import { type Amounts, billedTick, entriesOf, times, together, usdOf } from './bill.ts';
import { costBeyondFree } from './prices.ts';
import type { Use } from './uses.ts';

interface IdleLine {
  item: string;
  /** How the amount comes about. */
  basis: string;
  amounts: Amounts;
  usd: number;
  /** Only with something that is off unless asked for. Not in the sum. */
  optional: boolean;
}

export interface IdleMonth {
  lines: IdleLine[];
  usd: number;
  /** The same sum in an account that uses its monthly free amounts for nothing else. */
  usdBeyondFree: number;
}

const minutesADay = 1_440;

/** As the construct makes them: twelve alarms, of which one adds up the throttles of four functions. */
export const alarmMetrics = 15;

const sweeperMetricCount = Object.keys(sweeperMetrics).length;

/** `tick`: what one tick of the sweeper uses when nothing is due. */
export function idleMonthOf(tick: readonly Use[], assumed: Assumptions): IdleMonth {
  const ticks = assumed.monthDays * minutesADay;
  const { monthDays, pollers, pollSeconds } = assumed;
  const polls = (monthDays * 86_400 * pollers) / pollSeconds;
  const ofTick = (names: readonly string[]): Amounts =>
    Object.fromEntries(entriesOf(times(billedTick(tick, assumed), ticks)).filter(([name]) => names.includes(name)));
  const eachMinute = `${count(ticks)} ticks, one a minute`;
  const line = (item: string, basis: string, amounts: Amounts, optional = false): IdleLine => ({
    item,
    basis,
    amounts,
    usd: usdOf(amounts),
    optional,
  });
  const lines = [
    line('schedule of the sweeper', eachMinute, { scheduledEvents: ticks }),
    line('sweeper function', eachMinute, ofTick(['invocations', 'gbSeconds'])),
    line(
      'sweeper: look for due runs',
      `${eachMinute}, each partition of the index`,
      ofTick(['readUnits', 'writeUnits']),
    ),
    line('sweeper: look for dead letters', eachMinute, ofTick(['queueRequests'])),
    line('queue: polls by Lambda', `${pollers} pollers, each asks every ${pollSeconds} s`, { queueRequests: polls }),
    line('storage', 'what is kept of runs counts with them', { tableGbMonths: 0 }),
    line('logs', 'an idle function writes none', { logGb: 0 }),
    line('HTTP API', 'only requests are billed', { httpRequests: 0 }),
    line('point-in-time recovery', 'per GB in the table; none in an empty one', { recoveryGbMonths: 0 }),
    line('alarms', `with \`alarms\`: ${alarmMetrics} metrics are watched`, { alarmMetrics }, true),
    line(
      'metrics',
      'of the sweeper, in hours in which runs are late or messages die',
      { metrics: sweeperMetricCount },
      true,
    ),
    line('dashboard', 'with `dashboard: true`', { dashboards: 1 }, true),
  ];
  const sum = lines
    .filter(({ optional }) => !optional)
    .reduce<Amounts>((all, { amounts }) => together(all, amounts), {});
  return {
    lines,
    usd: usdOf(sum),
    usdBeyondFree: entriesOf(sum).reduce((usd, [name, amount]) => usd + costBeyondFree(name, amount), 0),
  };
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
