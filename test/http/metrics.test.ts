import { expect, test } from 'vitest';
import { createRequestMetrics, renderGauges } from '../../lib/http/metrics.ts';

test('gauges are text that Prometheus reads, whatever their labels hold', () => {
  const text = renderGauges([
    { name: 'pawl_workers', help: 'Live workers.', values: [{ value: 2 }] },
    { name: 'pawl_runs', help: 'Open runs.', values: [{ labels: { workflow: 'a"b\\c\nd' }, value: 1.5 }] },
  ]);
  expect(text).toBe(
    [
      '# HELP pawl_workers Live workers.',
      '# TYPE pawl_workers gauge',
      'pawl_workers 2',
      '# HELP pawl_runs Open runs.',
      '# TYPE pawl_runs gauge',
      'pawl_runs{workflow="a\\"b\\\\c\\nd"} 1.5',
      '',
    ].join('\n'),
  );
});

test('buckets are cumulative, and the last holds all', () => {
  const metrics = createRequestMetrics();
  for (const durationMs of [1, 30, 60_000])
    metrics.observe({ method: 'GET', route: '/health', status: 200, durationMs });
  const buckets = [...metrics.render().matchAll(/le="([^"]+)"} (\d+)/g)].map(([, upTo, count]) => `${upTo}:${count}`);
  expect(buckets).toEqual([
    ...['0.005:1', '0.01:1', '0.025:1', '0.05:2', '0.1:2', '0.25:2', '0.5:2', '1:2', '2.5:2', '5:2', '10:2', '+Inf:3'],
  ]);
});
