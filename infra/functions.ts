/** The four functions: what each is for, what it is told, what it may do. */
import { Duration } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { variableNames } from '../lib/wiring/aws/names.ts';
import type { FunctionName } from './bundling/request.ts';
import type { FunctionCode } from './code.ts';
import { createFunction } from './function.ts';
import { graphsText } from './graphs.ts';
import { serviceName } from './metrics.ts';
import { permissionsOf, type Resources } from './permissions.ts';
import type { Queues } from './queues.ts';
import type { Settings } from './settings.ts';
import { indexArn } from './table.ts';

export type Functions = Readonly<Record<FunctionName, LambdaFunction>>;

/** What the functions work with. */
export interface Parts {
  table: Table;
  queues: Queues;
  bucket: Bucket;
}

/** The gateway waits for 30 s at most. */
const apiTimeout = Duration.seconds(29);
/** Ends before the next tick begins. */
const sweeperTimeout = Duration.seconds(55);
const triggerTimeout = Duration.seconds(30);

export function createFunctions(
  pawl: Construct,
  settings: Settings,
  { code, deployment }: FunctionCode,
  parts: Parts,
): Functions {
  const own = { ...variablesOf(parts, settings, deployment), [variableNames.service]: serviceName(pawl) };
  const resources = resourcesOf(parts, settings);
  const create = (id: string, name: FunctionName, description: string, timeout: Duration) =>
    createFunction(pawl, id, {
      name,
      description,
      timeout,
      code: code[name],
      // The sweeper runs no code of workflows.
      environment: { ...(name !== 'sweeper' && settings.environment), ...own },
      permissions: permissionsOf(name, resources),
      bucket: parts.bucket,
      settings,
    });
  return {
    driver: create('Driver', 'driver', 'Drives runs of workflows', settings.driverTimeout),
    api: create('Api', 'api', 'Answers HTTP', apiTimeout),
    sweeper: create('Sweeper', 'sweeper', 'Wakes runs that are due', sweeperTimeout),
    trigger: create('Trigger', 'trigger', 'Starts runs on events', triggerTimeout),
  };
}

function variablesOf(
  { table, queues, bucket }: Parts,
  { driverTimeout, indexShards, graphs }: Settings,
  deployment: string,
): Record<string, string> {
  return {
    [variableNames.table]: table.tableName,
    [variableNames.queueUrl]: queues.queue.queueUrl,
    [variableNames.deadLetterQueueUrl]: queues.deadLetters.queueUrl,
    [variableNames.bucket]: bucket.bucketName,
    [variableNames.deployment]: deployment,
    [variableNames.driverTimeoutMs]: String(driverTimeout.toMilliseconds()),
    [variableNames.indexShards]: String(indexShards),
    ...(graphs && { [variableNames.graphs]: graphsText(graphs) }),
  };
}

function resourcesOf({ table, queues, bucket }: Parts, { encryptionKey }: Settings): Resources {
  return {
    table: table.tableArn,
    indexes: {
      status: indexArn(table, 'status'),
      creation: indexArn(table, 'creation'),
      correlation: indexArn(table, 'correlation'),
    },
    queue: queues.queue.queueArn,
    deadLetters: queues.deadLetters.queueArn,
    undelivered: queues.undelivered.queueArn,
    bucket: bucket.bucketArn,
    encryptionKey: encryptionKey?.keyArn,
  };
}
