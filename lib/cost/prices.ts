/**
 * AWS's list prices, on demand, of the first tier. The only place with prices in it.
 *
 * The official pages fill in their numbers by script, so these were collected from copies of them and from others that
 * quote them. `seen`: the month of the newest one that states the number, `undated` where it has no date, `assumed` where none was found.
 */
export const priceTable = {
  region: 'us-east-1',
  collected: '2026-11-21',
  prices: {
    writeUnits: price(
      0.625,
      1e6,
      'DynamoDB write request units',
      'aws.amazon.com/dynamodb/pricing/on-demand',
      '2025-07',
    ),
    readUnits: price(0.125, 1e6, 'DynamoDB read request units', 'aws.amazon.com/dynamodb/pricing/on-demand', '2025-07'),
    tableGbMonths: price(0.25, 1, 'GB-months in DynamoDB', 'aws.amazon.com/dynamodb/pricing', 'undated', 25),
    recoveryGbMonths: price(
      0.2,
      1,
      'GB-months of point-in-time recovery',
      'aws.amazon.com/dynamodb/pricing/on-demand',
      'undated',
    ),
    queueRequests: price(0.4, 1e6, 'SQS requests', 'aws.amazon.com/sqs/pricing', '2026-06', 1e6),
    invocations: price(0.2, 1e6, 'Lambda requests', 'aws.amazon.com/lambda/pricing', 'undated', 1e6),
    gbSeconds: price(0.0000133334, 1, 'Lambda GB-seconds, arm64', 'aws.amazon.com/lambda/pricing', 'undated', 400_000),
    httpRequests: price(1, 1e6, 'HTTP API requests', 'aws.amazon.com/api-gateway/pricing', '2026-03'),
    scheduledEvents: price(0, 1e6, 'events of a scheduled rule', 'aws.amazon.com/eventbridge/pricing', 'assumed'),
    blobPuts: price(5, 1e6, 'S3 PUT requests', 'aws.amazon.com/s3/pricing', 'undated'),
    blobGets: price(0.4, 1e6, 'S3 GET requests', 'aws.amazon.com/s3/pricing', 'undated'),
    blobGbMonths: price(0.023, 1, 'GB-months in S3', 'aws.amazon.com/s3/pricing', 'undated'),
    blobTags: price(0.01, 1e4, 'S3 object tags a month', 'aws.amazon.com/s3/pricing', 'assumed'),
    logGb: price(0.5, 1, 'GB of CloudWatch logs', 'aws.amazon.com/cloudwatch/pricing', '2026-06', 5),
    metrics: price(0.3, 1, 'CloudWatch metrics a month', 'aws.amazon.com/cloudwatch/pricing', '2026-02', 10),
    alarmMetrics: price(0.1, 1, 'CloudWatch alarm metrics a month', 'aws.amazon.com/cloudwatch/pricing', 'undated', 10),
    dashboards: price(3, 1, 'CloudWatch dashboards a month', 'aws.amazon.com/cloudwatch/pricing', '2026-06', 3),
    traces: price(5, 1e6, 'X-Ray traces', 'aws.amazon.com/xray/pricing', 'undated', 100_000),
  },
} as const;

export type Priced = keyof typeof priceTable.prices;

export interface Price {
  usd: number;
  /** So many of the unit cost `usd`. */
  per: number;
  unit: string;
  source: string;
  seen: string;
  /** What an account gets each month without end and without paying, in units; shared by all that is in it. */
  freeEachMonth: number;
}

function price(usd: number, per: number, unit: string, source: string, seen: string, freeEachMonth = 0): Price {
  return { usd, per, unit, source: `https://${source}/`, seen, freeEachMonth };
}

/** In US dollars, at list price. */
export function costOf(priced: Priced, amount: number): number {
  const { usd, per } = priceTable.prices[priced];
  return (amount / per) * usd;
}

/** The same for a whole month in an account that has nothing else in it. */
export function costBeyondFree(priced: Priced, amount: number): number {
  return costOf(priced, Math.max(0, amount - priceTable.prices[priced].freeEachMonth));
}
