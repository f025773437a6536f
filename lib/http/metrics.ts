/** Metrics in the Prometheus text format, without a library: counts and durations of requests, and gauges from outside. */
interface Gauge {
  name: string;
  help: string;
  values: { labels?: Record<string, string>; value: number }[];
}

export interface RequestMetrics {
  observe(request: { method: string; route: string; status: number; durationMs: number }): void;
  streamOpened(): void;
  streamClosed(): void;
  openStreams(): number;
  render(): string;
}

const bucketsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Durations {
  /** Requests that took at most as long as the bucket of the same index. */
  buckets: number[];
  count: number;
  sumSeconds: number;
}

export function createRequestMetrics(): RequestMetrics {
  const counts = new Map<string, number>();
  const durations = new Map<string, Durations>();
  let streams = 0;
  return {
    observe({ method, route, status, durationMs }) {
      const series = labelled({ method, route });
      const counted = labelled({ method, route, status: String(status) });
      counts.set(counted, (counts.get(counted) ?? 0) + 1);
      const seconds = durationMs / 1_000;
      const known = durations.get(series) ?? { buckets: bucketsSeconds.map(() => 0), count: 0, sumSeconds: 0 };
      durations.set(series, {
        buckets: known.buckets.map((count, index) => count + (seconds <= (bucketsSeconds[index] ?? 0) ? 1 : 0)),
        count: known.count + 1,
        sumSeconds: known.sumSeconds + seconds,
      });
    },
    streamOpened: () => {
      streams += 1;
    },
    streamClosed: () => {
      streams -= 1;
    },
    openStreams: () => streams,
    render: () =>
      [
        ...head('pawl_http_requests_total', 'counter', 'Requests answered.'),
        ...[...counts].map(([labels, count]) => `pawl_http_requests_total{${labels}} ${count}`),
        ...head('pawl_http_request_duration_seconds', 'histogram', 'Time until the answer begins.'),
        ...[...durations].flatMap(([labels, known]) => histogram('pawl_http_request_duration_seconds', labels, known)),
        renderGauges([
          { name: 'pawl_http_event_streams', help: 'Live streams of events.', values: [{ value: streams }] },
        ]),
      ].join('\n'),
  };
}

/** Ends with a newline. */
export function renderGauges(gauges: readonly Gauge[]): string {
  const lines = gauges.flatMap(({ name, help, values }) => [
    ...head(name, 'gauge', help),
    ...values.map(({ labels, value }) => (labels ? `${name}{${labelled(labels)}} ${value}` : `${name} ${value}`)),
  ]);
  return lines.map((line) => `${line}\n`).join('');
}

function histogram(name: string, labels: string, { buckets, count, sumSeconds }: Durations): string[] {
  return [
    ...buckets.map((reached, index) => `${name}_bucket{${labels},le="${bucketsSeconds[index]}"} ${reached}`),
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_sum{${labels}} ${sumSeconds}`,
    `${name}_count{${labels}} ${count}`,
  ];
}

function head(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function labelled(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`)
    .join(',');
}
