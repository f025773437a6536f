/** The shape of the one table, for whoever creates it. Plain data: the infrastructure reads it, too. */
export const tableShape = {
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Seconds since the epoch; DynamoDB deletes the item some time after. */
  timeToLive: 'ttl',
  /**
   * All keys are strings. Beside keys an index holds what it `projects`: attributes that never change, or hardly ever, so
   * that changes to an item cost no more index writes than its keys do.
   */
  indexes: {
    /** Open runs by `wakeAt`, failed and cancelled ones by status and creation. Sharded. */
    status: {
      name: 'status',
      partitionKey: 'statusPk',
      sortKey: 'statusSk',
      projects: ['creationSk', 'expiresAt'],
    },
    /** A workflow's runs by creation. Sharded. */
    creation: { name: 'creation', partitionKey: 'creationPk', sortKey: 'creationSk', projects: [] },
    /** Runs with a correlation id, by creation. */
    correlation: { name: 'correlation', partitionKey: 'correlationPk', sortKey: 'creationSk', projects: [] },
  },
} as const;
