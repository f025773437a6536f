/** The shape of the one table, for whoever creates it. Plain data: the infrastructure reads it, too. */
export const tableShape = {
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Seconds since the epoch; DynamoDB deletes the item some time after. */
  timeToLive: 'ttl',
  /** All keys are strings; nothing but keys is projected, so that what changes on an item costs no index write. */
  indexes: {
    /** Open runs by `wakeAt`, settled ones by status and creation. Sharded. */
    status: { name: 'status', partitionKey: 'statusPk', sortKey: 'statusSk' },
    /** A workflow's runs by creation. Sharded. */
    creation: { name: 'creation', partitionKey: 'creationPk', sortKey: 'creationSk' },
    /** Runs with a correlation id, by creation. */
    correlation: { name: 'correlation', partitionKey: 'correlationPk', sortKey: 'correlationSk' },
  },
} as const;
