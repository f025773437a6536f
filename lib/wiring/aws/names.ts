/** The environment variables by which the infrastructure tells the functions where things are. */
export const variableNames = {
  table: 'PAWL_TABLE',
  queueUrl: 'PAWL_QUEUE_URL',
  deadLetterQueueUrl: 'PAWL_DEAD_LETTER_QUEUE_URL',
  bucket: 'PAWL_BUCKET',
  /** Differs whenever the workflows' code does. */
  deployment: 'PAWL_DEPLOYMENT',
  /** The driver's time limit, in ms: no step can take longer. */
  driverTimeoutMs: 'PAWL_DRIVER_TIMEOUT_MS',
  indexShards: 'PAWL_INDEX_SHARDS',
  /** What graphs may use, as JSON: `{ hosts, functions, queues }`, each a list of texts. */
  graphs: 'PAWL_GRAPHS',
  /** Read by the libraries for logs and metrics. */
  service: 'POWERTOOLS_SERVICE_NAME',
} as const;

/** Where the functions' own metrics are found. */
export const functionMetricsNamespace = 'Pawl';

/** Counts that the sweeper emits when they are not zero. */
export const sweeperMetrics = {
  /** Runs that should have been woken two minutes ago. */
  overdue: 'OverdueRuns',
  /** Facts that had become dead letters, and were stored with their runs. */
  deadFacts: 'DeadFacts',
  /** Wakes that had become dead letters, and were dropped. */
  deadWakes: 'DeadWakes',
} as const;
