/**
 * Pawl in an AWS account: table, queues, bucket, functions, HTTP API.
 *
 * Owns: which resources there are and how they are tied together. Does not own: what the functions do (`functions/`),
 * nor the table's shape and the names of variables (`lib/`).
 */
import { CfnOutput } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Rule } from 'aws-cdk-lib/aws-events';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { createAlarms } from './alarms.ts';
import { createBlobs } from './blobs.ts';
import { functionCode } from './code.ts';
import { createDashboard } from './dashboard.ts';
import { createFunctions } from './functions.ts';
import { allowGraphs } from './graphs.ts';
import { apiArn, createHttpApi } from './http-api.ts';
import { driveFrom, keepFailures, sweepEachMinute } from './invocations.ts';
import type { PawlProps } from './props.ts';
import { createQueues } from './queues.ts';
import { settingsOf } from './settings.ts';
import { createTable } from './table.ts';
import { createTrigger, type Trigger } from './triggers.ts';

export class Pawl extends Construct {
  /** Runs workflows. What their steps use is granted to it: `orders.grantReadWriteData(pawl.driver)`. */
  readonly driver: LambdaFunction;
  readonly api: LambdaFunction;
  readonly sweeper: LambdaFunction;
  readonly trigger: LambdaFunction;
  readonly table: Table;
  readonly queue: Queue;
  /** Messages that no driver could handle. The sweeper empties it. */
  readonly deadLetters: Queue;
  /** Events that never reached their function. Nobody empties it but people. */
  readonly undelivered: Queue;
  /** Payloads too large for the table. */
  readonly bucket: Bucket;
  readonly httpApi: HttpApi;
  /** Of the HTTP API, without a slash at the end. */
  readonly url: string;

  /** Throws an `Error` that says what is wrong with props, or where workflows do not bundle. */
  constructor(scope: Construct, id: string, props: PawlProps) {
    super(scope, id);
    const settings = settingsOf(props);
    const { driverTimeout, alarms, dashboard, triggers } = settings;
    const code = functionCode(this, settings);

    const table = createTable(this, settings);
    const queues = createQueues(this, settings);
    const bucket = createBlobs(this, settings);
    const functions = createFunctions(this, settings, code, { table, queues, bucket });
    const httpApi = createHttpApi(this, functions.api, settings);

    ({ driver: this.driver, api: this.api, sweeper: this.sweeper, trigger: this.trigger } = functions);
    ({ queue: this.queue, deadLetters: this.deadLetters, undelivered: this.undelivered } = queues);
    this.table = table;
    this.bucket = bucket;
    this.httpApi = httpApi;
    this.url = httpApi.apiEndpoint;

    if (settings.graphs) allowGraphs(functions.driver, settings.graphs);
    driveFrom(queues.queue, functions.driver, settings);
    sweepEachMinute(this, functions.sweeper, queues.undelivered);
    keepFailures(functions.trigger, queues.undelivered);
    for (const trigger of triggers) this.addTrigger(trigger);
    if (alarms) createAlarms(this, alarms, { functions, queues, driverTimeout });
    if (dashboard) createDashboard(this, { functions, queues, table, httpApi });

    new CfnOutput(this, 'Url', { description: 'The HTTP API', value: this.url });
    new CfnOutput(this, 'NextCommand', {
      description: 'To type next',
      value: `npx pawl run <workflow> --url ${this.url}`,
    });
  }

  /** Starts runs on events or at times. Throws an `Error` for a trigger that makes no sense. */
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
}
