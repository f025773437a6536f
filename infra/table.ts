import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { tableShape } from '../lib/adapters/dynamodb/table.ts';
import type { Settings } from './settings.ts';

/** Not a `TableV2`: that one takes a customer's key only in stacks whose region is fixed. */
export function createTable(scope: Construct, settings: Settings): Table {
  const { encryptionKey, pointInTimeRecovery, deletionProtection, removalPolicy } = settings;
  const table = new Table(scope, 'Table', {
    ...keysOf(tableShape),
    timeToLiveAttribute: tableShape.timeToLive,
    billingMode: BillingMode.PAY_PER_REQUEST,
    ...(encryptionKey
      ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }
      : { encryption: TableEncryption.DEFAULT }),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: pointInTimeRecovery },
    deletionProtection,
    removalPolicy,
  });
  for (const index of Object.values(tableShape.indexes)) {
    table.addGlobalSecondaryIndex({
      indexName: index.name,
      ...keysOf(index),
      ...projectionOf(index.projects),
    });
  }
  return table;
}

/** The ARN of one of the table's indexes. */
export function indexArn(table: Table, index: keyof typeof tableShape.indexes): string {
  return `${table.tableArn}/index/${tableShape.indexes[index].name}`;
}

function projectionOf(attributes: readonly string[]) {
  if (attributes.length === 0) return { projectionType: ProjectionType.KEYS_ONLY };
  return { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...attributes] };
}

function keysOf({ partitionKey, sortKey }: { partitionKey: string; sortKey: string }) {
  return {
    partitionKey: { name: partitionKey, type: AttributeType.STRING },
    sortKey: { name: sortKey, type: AttributeType.STRING },
  };
}
