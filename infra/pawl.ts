/**
 * Pawl in an AWS account: table, queues, bucket, functions, HTTP API.
 *
 * Owns: which resources there are and how they are tied together. Does not own: what the functions do (`functions/`),
 * nor the table's shape and the names of variables (`lib/`).
 */
import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Rule } from 'aws-cdk-lib/aws-events';
import { Grant, type IGrantable, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { variableNames } from '../lib/wiring/aws/names.ts';
import { createAlarms } from './alarms.ts';
import { createBlobs } from './blobs.ts';
import type { FunctionName } from './bundling/request.ts';
import { functionCode } from './code.ts';
import { createDashboard } from './dashboard.ts';
import { apiTimeout, createFunction, sweeperTimeout, triggerTimeout } from './functions.ts';
import { apiArn, createHttpApi } from './http-api.ts';
import { driveFrom, keepFailures, sweepEachMinute } from './invocations.ts';
import { permissionsOf, type Resources } from './permissions.ts';
import type { PawlProps } from './props.ts';
import { createQueues } from './queues.ts';
import { type Settings, settingsOf } from './settings.ts';
import { createTable, indexArn } from './table.ts';
import { createTrigger, type Trigger } from './triggers.ts';

export class Pawl extends Construct {
  /** Runs workflows. What their steps use is granted to it: `orders.grantReadWriteData(pawl.driver)`. */
  readonly driver: LambdaFunction;
  readonly api: LambdaFunction;
  readonly sweeper: LambdaFunction;
  readonly trigger: LambdaFunction;
  readonly table: Table;
  readonly queue: Queue;
  /** Messages that no driver could handle. */
  readonly deadLetters: Queue;
  /** Events that never reached their function. */
  readonly undelivered: Queue;
  readonly bucket: Bucket;
  readonly httpApi: HttpApi;
  /** Of the HTTP API, without a slash at the end. */
  readonly url: string;

  /** Throws an `Error` that says what is wrong with props, or where workflows do not bundle. */
  constructor(scope: Construct, id: string, props: PawlProps) {
    super(scope, id);
    const settings = settingsOf(props);
    const { code, deployment } = functionCode(this, settings);

    this.table = createTable(this, settings);
    const queues = createQueues(this, settings);
    ({ queue: this.queue, deadLetters: this.deadLetters, undelivered: this.undelivered } = queues);
    this.bucket = createBlobs(this, settings);
    if (settings.encryptionKey) letEventBridgeUse(settings.encryptionKey, this);

    const resources = this.resources(settings.encryptionKey);
    const own = this.variables(settings, deployment);
    const create = (name: FunctionName, id: string, how: { description: string; timeout: typeof apiTimeout }) => {
      const environment = { ...(name !== 'sweeper' && settings.environment), ...own };
      const permissions = permissionsOf(name, resources);
      return createFunction(this, id, {
        name,
        code: code[name],
        environment,
        permissions,
        bucket: this.bucket,
        settings,
        ...how,
      });
    };
    this.driver = create('driver', 'Driver', {
      description: 'Drives runs of workflows',
      timeout: settings.driverTimeout,
    });
    this.api = create('api', 'Api', { description: 'Answers HTTP', timeout: apiTimeout });
    this.sweeper = create('sweeper', 'Sweeper', { description: 'Wakes runs that are due', timeout: sweeperTimeout });
    this.trigger = create('trigger', 'Trigger', { description: 'Starts runs on events', timeout: triggerTimeout });

    driveFrom(this.queue, this.driver, settings);
    sweepEachMinute(this, this.sweeper, this.undelivered);
    keepFailures(this.trigger, this.undelivered);
    for (const trigger of settings.triggers) this.addTrigger(trigger);

    this.httpApi = createHttpApi(this, this.api, settings);
    this.url = this.httpApi.apiEndpoint;

    const functions = { api: this.api, driver: this.driver, sweeper: this.sweeper, trigger: this.trigger };
    if (settings.alarms) {
      createAlarms(this, settings.alarms, { functions, queues, driverTimeout: settings.driverTimeout });
    }
    if (settings.dashboard) createDashboard(this, { functions, queues, table: this.table, httpApi: this.httpApi });
    this.tell();
  }

  /** Starts runs on events or at times. */
  addTrigger(trigger: Trigger): Rule {
    return createTrigger(this, trigger, { handler: this.trigger, undelivered: this.undelivered });
  }

  /** Lets `grantee` call all of the HTTP API, where that asks for IAM. */
  grantApiAccess(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ['execute-api:Invoke'],
      resourceArns: [apiArn(this.httpApi)],
    });
  }

  private resources(encryptionKey: IKey | undefined): Resources {
    const index = (name: keyof Resources['indexes']) => indexArn(this.table, name);
    return {
      table: this.table.tableArn,
      indexes: { status: index('status'), creation: index('creation'), correlation: index('correlation') },
      queue: this.queue.queueArn,
      deadLetters: this.deadLetters.queueArn,
      undelivered: this.undelivered.queueArn,
      bucket: this.bucket.bucketArn,
      encryptionKey: encryptionKey?.keyArn,
    };
  }

  private variables({ driverTimeout, indexShards }: Settings, deployment: string): Record<string, string> {
    return {
      [variableNames.table]: this.table.tableName,
      [variableNames.queueUrl]: this.queue.queueUrl,
      [variableNames.deadLetterQueueUrl]: this.deadLetters.queueUrl,
      [variableNames.bucket]: this.bucket.bucketName,
      [variableNames.deployment]: deployment,
      [variableNames.driverTimeoutMs]: String(driverTimeout.toMilliseconds()),
      [variableNames.indexShards]: String(indexShards),
    };
  }

  private tell(): void {
    new CfnOutput(this, 'Url', { description: 'The HTTP API', value: this.url });
    new CfnOutput(this, 'NextCommand', {
      description: 'To type next',
      value: `npx pawl run <workflow> --url ${this.url}`,
    });
  }
}

/** EventBridge encrypts what it puts into the queue of undelivered events. */
function letEventBridgeUse(key: IKey, scope: Construct): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  );
}
