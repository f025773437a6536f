import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { EventBus, EventField, Schedule } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { ApplicationLogLevel, Runtime } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, test } from 'vitest';
import { Pawl } from '../../infra/pawl.ts';
import type { PawlProps } from '../../infra/props.ts';
import { PawlStack } from '../../infra/stack.ts';
import type { Trigger } from '../../infra/triggers.ts';
import { tableShape } from '../../lib/adapters/dynamodb/table.ts';
import { readAwsEnvironment } from '../../lib/wiring/aws/environment.ts';
import { allowances, createApp, readable, type Synthesis, synthesize } from './synthesis.ts';

const require = createRequire(import.meta.url);

let plain: Synthesis;
let template: Template;

beforeAll(() => {
  plain = synthesize();
  template = plain.template;
}, 60_000);

/** The properties of the one resource whose logical id begins like this. */
function properties(of: Template, type: string, id: string) {
  const found = Object.entries(of.findResources(type)).filter(([logicalId]) => readable({ Ref: logicalId }) === id);
  const [[, resource] = ['', undefined]] = found;
  if (found.length !== 1 || resource === undefined) throw new Error(`${found.length} resources ${type} ${id}`);
  return resource.Properties;
}

const functionOf = (of: Template, id: string) => properties(of, 'AWS::Lambda::Function', `${id}Function`);
const ids = ['Api', 'Driver', 'Sweeper', 'Trigger'];

describe('table', () => {
  test('it has the keys and indexes that the store asks for, is billed by request and forgets what has expired', () => {
    const { indexes } = tableShape;
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      GlobalSecondaryIndexes: Object.values(indexes).map(({ name, partitionKey, sortKey, projects }) => ({
        IndexName: name,
        KeySchema: [
          { AttributeName: partitionKey, KeyType: 'HASH' },
          { AttributeName: sortKey, KeyType: 'RANGE' },
        ],
        Projection: projects.length
          ? { ProjectionType: 'INCLUDE', NonKeyAttributes: projects }
          : { ProjectionType: 'KEYS_ONLY' },
      })),
    });
    expect(Object.keys(indexes)).toEqual(['status', 'creation', 'correlation']);
  });

  test('by default it can be restored to any second, not be deleted, and stays when the stack goes', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      Properties: {
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: true,
        SSESpecification: { SSEEnabled: false },
      },
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
  });

  test('each protection can be turned off', () => {
    const made = synthesize({ pointInTimeRecovery: false, deletionProtection: false });
    made.template.hasResourceProperties('AWS::DynamoDB::Table', {
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
      DeletionProtectionEnabled: false,
    });
  });

  test('removalPolicy DESTROY leaves neither table nor payloads behind', () => {
    const made = synthesize({ removalPolicy: RemovalPolicy.DESTROY });
    made.template.hasResource('AWS::DynamoDB::Table', {
      Properties: { DeletionProtectionEnabled: false },
      DeletionPolicy: 'Delete',
    });
    made.template.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
    made.template.resourceCountIs('Custom::S3AutoDeleteObjects', 1);
  });
});

describe('queues', () => {
  test('a message stays hidden for six times the driver’s time limit, and is a dead letter after five receives', () => {
    expect(properties(template, 'AWS::SQS::Queue', 'Queue')).toMatchObject({
      VisibilityTimeout: 6 * 120,
      MessageRetentionPeriod: 4 * 24 * 3600,
      RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: expect.anything() },
      SqsManagedSseEnabled: true,
    });
    const slow = synthesize({ driverTimeout: Duration.minutes(15) }).template;
    expect(properties(slow, 'AWS::SQS::Queue', 'Queue')).toMatchObject({ VisibilityTimeout: 5_400 });
    expect(functionOf(slow, 'Driver')).toMatchObject({ Timeout: 900 });
  });

  test('dead letters and undelivered events are kept for two weeks', () => {
    for (const id of ['DeadLetters', 'Undelivered']) {
      expect(properties(template, 'AWS::SQS::Queue', id)).toMatchObject({
        MessageRetentionPeriod: 14 * 24 * 3600,
        SqsManagedSseEnabled: true,
      });
    }
  });

  test('queues and bucket refuse requests without TLS', () => {
    const refuses = Match.objectLike({
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
    template.resourcePropertiesCountIs('AWS::SQS::QueuePolicy', refuses, 3);
    template.resourcePropertiesCountIs('AWS::S3::BucketPolicy', refuses, 1);
  });
});

describe('bucket', () => {
  test('it is private, encrypted and keeps one version', () => {
    template.hasResource('AWS::S3::Bucket', {
      Properties: {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        VersioningConfiguration: Match.absent(),
      },
      DeletionPolicy: 'Retain',
    });
  });

  test('a payload is forgotten when its class says so, an upload that broke off after a day', () => {
    const { Rules } = properties(template, 'AWS::S3::Bucket', 'Blobs').LifecycleConfiguration;
    expect(Rules).toEqual([
      ...[30, 90, 365, 1_500].map((days) => ({
        Id: `expire-after-${days}-days`,
        Status: 'Enabled',
        TagFilters: [{ Key: 'pawl-expires-days', Value: String(days) }],
        ExpirationInDays: days,
      })),
      { Id: 'abort-uploads', Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
    ]);
  });
});

describe('functions', () => {
  test.each([
    ['Api', 29],
    ['Driver', 120],
    ['Sweeper', 55],
    ['Trigger', 30],
  ])('%s runs on Graviton with traces and quiet JSON logs, for %i s at most', (id, seconds) => {
    expect(functionOf(template, id)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 256,
      Timeout: seconds,
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: {
        LogFormat: 'JSON',
        SystemLogLevel: 'WARN',
        ApplicationLogLevel: 'INFO',
        LogGroup: { Ref: expect.stringContaining(`Pawl${id}Logs`) },
      },
    });
    expect(functionOf(template, id)).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  test('logs are kept for a month, or as long as is asked for', () => {
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
    const made = synthesize({ logRetention: RetentionDays.ONE_YEAR });
    made.template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 365 });
    made.template.resourceCountIs('AWS::Logs::LogGroup', 5);
  });

  test('memory, runtime and log level can be chosen, but the sweeper’s metrics are never filtered out', () => {
    const made = synthesize({
      memory: { driver: 1_769 },
      runtime: Runtime.NODEJS_22_X,
      logLevel: ApplicationLogLevel.ERROR,
    }).template;
    expect(functionOf(made, 'Driver')).toMatchObject({
      MemorySize: 1_769,
      Runtime: 'nodejs22.x',
      LoggingConfig: { ApplicationLogLevel: 'ERROR' },
    });
    expect(functionOf(made, 'Api')).toMatchObject({ MemorySize: 256 });
    expect(functionOf(made, 'Sweeper')).toMatchObject({ LoggingConfig: { ApplicationLogLevel: 'INFO' } });
  });

  test('each one finds in its environment what it asks for', () => {
    for (const id of ids) {
      const { Variables } = functionOf(template, id).Environment;
      const names = Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, readable(value)]));
      expect(names).toEqual({
        PAWL_TABLE: 'Table',
        PAWL_QUEUE_URL: 'Queue',
        PAWL_DEAD_LETTER_QUEUE_URL: 'DeadLetters',
        PAWL_BUCKET: 'Blobs',
        PAWL_DEPLOYMENT: 'none',
        PAWL_DRIVER_TIMEOUT_MS: '120000',
        PAWL_INDEX_SHARDS: '4',
      });
      const deployed = {
        ...names,
        PAWL_QUEUE_URL: 'https://sqs/queue',
        PAWL_DEAD_LETTER_QUEUE_URL: 'https://sqs/dead',
      };
      expect(readAwsEnvironment(deployed)).toMatchObject({ table: 'Table', driverTimeoutMs: 120_000, indexShards: 4 });
    }
  });

  test('the user’s variables reach the functions that run workflows’ code', () => {
    const made = synthesize({ environment: { STAGE: 'test' }, indexShards: 16 }).template;
    const stages = ids.map((id) => functionOf(made, id).Environment.Variables.STAGE);
    expect(stages).toEqual(['test', 'test', undefined, 'test']);
    expect(functionOf(made, 'Driver').Environment.Variables.PAWL_INDEX_SHARDS).toBe('16');
  });

  test('source maps are turned on beside what NODE_OPTIONS holds', () => {
    const made = synthesize({
      bundling: { sourceMap: true },
      environment: { NODE_OPTIONS: '--no-deprecation' },
    }).template;
    expect(functionOf(made, 'Driver').Environment.Variables.NODE_OPTIONS).toBe('--no-deprecation --enable-source-maps');
    expect(functionOf(made, 'Sweeper').Environment.Variables.NODE_OPTIONS).toBe('--enable-source-maps');
  });

  test('in a network they get the network’s interfaces', () => {
    const { template: made } = synthesize((stack) => {
      const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
      return { vpc, securityGroups: [new SecurityGroup(stack, 'Group', { vpc })] };
    });
    for (const id of ids) {
      const { SubnetIds, SecurityGroupIds } = functionOf(made, id).VpcConfig;
      expect([SubnetIds.length, SecurityGroupIds.length]).toEqual([2, 1]);
    }
    made.resourcePropertiesCountIs('AWS::IAM::Role', { ManagedPolicyArns: Match.anyValue() }, 4);
  });
});

describe('permissions', () => {
  const sqs = (...actions: string[]) => actions.map((action) => `sqs:${action}`).sort();
  const dynamodb = (...actions: string[]) => actions.map((action) => `dynamodb:${action}`).sort();
  const always = (logs: string) => ({
    [logs]: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    '*': ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
  });

  test('the API reads, starts, tells and deletes runs, and sends dead letters again', () => {
    expect(allowances(template, 'ApiRole')).toEqual({
      Table: dynamodb('BatchGetItem', 'BatchWriteItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'),
      'Table/index/status': ['dynamodb:Query'],
      'Table/index/creation': ['dynamodb:Query'],
      'Table/index/correlation': ['dynamodb:Query'],
      Queue: ['sqs:SendMessage'],
      DeadLetters: sqs('DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'),
      Blobs: ['s3:ListBucket'],
      'Blobs/*': ['s3:DeleteObject', 's3:GetObject', 's3:PutObject', 's3:PutObjectTagging'],
      ...always('ApiLogs'),
    });
  });

  test('the driver works on runs and their messages', () => {
    expect(allowances(template, 'DriverRole')).toEqual({
      Table: dynamodb('BatchWriteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'),
      Queue: sqs('ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage', 'SendMessage'),
      Blobs: ['s3:ListBucket'],
      'Blobs/*': ['s3:GetObject', 's3:PutObject', 's3:PutObjectTagging'],
      ...always('DriverLogs'),
    });
  });

  test('the sweeper finds what is due and settles dead letters', () => {
    expect(allowances(template, 'SweeperRole')).toEqual({
      Table: dynamodb('BatchGetItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'),
      'Table/index/status': ['dynamodb:Query'],
      Queue: ['sqs:SendMessage'],
      Undelivered: ['sqs:SendMessage'],
      DeadLetters: sqs('DeleteMessage', 'ReceiveMessage'),
      ...always('SweeperLogs'),
    });
  });

  test('the trigger starts runs', () => {
    expect(allowances(template, 'TriggerRole')).toEqual({
      Table: dynamodb('BatchWriteItem', 'GetItem', 'PutItem', 'UpdateItem'),
      Queue: ['sqs:SendMessage'],
      Undelivered: ['sqs:SendMessage'],
      'Blobs/*': ['s3:PutObject', 's3:PutObjectTagging'],
      ...always('TriggerLogs'),
    });
  });

  test('no role has policies of others', () => {
    template.allResourcesProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
    template.resourceCountIs('AWS::IAM::Role', 4);
    template.resourceCountIs('AWS::IAM::Policy', 4);
  });

  test('what steps use is granted to the driver', () => {
    const made = synthesize({}, ({ stack, pawl }) => {
      const orders = new Table(stack, 'Orders', { partitionKey: { name: 'id', type: AttributeType.STRING } });
      orders.grantReadWriteData(pawl.driver);
    });
    expect(allowances(made.template, 'DriverRole').Orders).toContain('dynamodb:PutItem');
    expect(allowances(made.template, 'ApiRole')).not.toHaveProperty('Orders');
  });

  test('grantApiAccess lets somebody call the API and nothing else', () => {
    const made = synthesize({}, ({ stack, pawl }) => {
      pawl.grantApiAccess(new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }));
    });
    expect(allowances(made.template, 'Caller')).toEqual({
      'arn:AWS::Partition:execute-api:AWS::Region:AWS::AccountId:HttpApi/*': ['execute-api:Invoke'],
    });
  });
});

describe('invocations', () => {
  test('the driver takes ten messages at a time and answers for each of them', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: Match.absent(),
    });
  });

  test('maxConcurrency limits the drivers without reserving anything', () => {
    const made = synthesize({ maxConcurrency: 20 }).template;
    made.hasResourceProperties('AWS::Lambda::EventSourceMapping', { ScalingConfig: { MaximumConcurrency: 20 } });
    made.allResourcesProperties('AWS::Lambda::Function', { ReservedConcurrentExecutions: Match.absent() });
  });

  test('the sweeper is called each minute; a tick that fails is not repeated for long, and kept', () => {
    const rule = properties(template, 'AWS::Events::Rule', 'Sweeping');
    expect(rule).toMatchObject({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
    const [target] = rule.Targets;
    expect(target).toMatchObject({ RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 2 } });
    expect(readable(target.Arn)).toBe('SweeperFunction');
    expect(readable(target.DeadLetterConfig.Arn)).toBe('Undelivered');
  });

  test.each([
    ['Sweeper', 0, 60],
    ['Trigger', 2, 21_600],
  ])('what fails in the %s after %i more tries is kept with its error', (id, attempts, seconds) => {
    const config = properties(template, 'AWS::Lambda::EventInvokeConfig', `${id}FunctionEventInvokeConfig`);
    expect(config).toMatchObject({ MaximumRetryAttempts: attempts, MaximumEventAgeInSeconds: seconds });
    expect(readable(config.DestinationConfig.OnFailure.Destination)).toBe('Undelivered');
  });

  test('EventBridge may put into the queue of undelivered events for the rules that have it', () => {
    const { Statement } = properties(template, 'AWS::SQS::QueuePolicy', 'UndeliveredPolicy').PolicyDocument;
    expect(Statement.slice(1)).toEqual([
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': expect.anything() } },
      }),
    ]);
  });
});

describe('triggers', () => {
  test('an event starts the workflow with its detail, once for its id', () => {
    const made = synthesize({
      triggers: [{ workflow: 'order', eventPattern: { source: ['shop'], detailType: ['placed'] } }],
    }).template;
    const rule = properties(made, 'AWS::Events::Rule', 'Triggerorder');
    expect(rule.EventPattern).toEqual({ source: ['shop'], 'detail-type': ['placed'] });
    const [{ InputTransformer, DeadLetterConfig, RetryPolicy }] = rule.Targets;
    const paths = InputTransformer.InputPathsMap;
    expect(fill(InputTransformer, { id: '"e-1"', time: '"2026-01-02T03:04:05Z"', detail: '{"total":3}' })).toEqual({
      pawl: { workflow: 'order' },
      id: 'e-1',
      time: '2026-01-02T03:04:05Z',
      input: { total: 3 },
    });
    expect(Object.values(paths).sort()).toEqual(['$.detail', '$.id', '$.time']);
    expect(readable(DeadLetterConfig.Arn)).toBe('Undelivered');
    expect(RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 });
  });

  test('a schedule starts a version of it with an input of one’s own, made of parts of the event', () => {
    const made = synthesize({
      triggers: [
        {
          workflow: 'nightly-report',
          version: 2,
          schedule: Schedule.cron({ minute: '0', hour: '2' }),
          input: { day: EventField.time, stores: ['basel', 'lyon'] },
          enabled: false,
        },
      ],
    }).template;
    const rule = properties(made, 'AWS::Events::Rule', 'Triggernightlyreport');
    expect(rule).toMatchObject({ ScheduleExpression: 'cron(0 2 * * ? *)', State: 'DISABLED' });
    expect(fill(rule.Targets[0].InputTransformer, { id: '"e"', time: '"now"' })).toEqual({
      pawl: { workflow: 'nightly-report', version: 2 },
      id: 'e',
      time: 'now',
      input: { day: 'now', stores: ['basel', 'lyon'] },
    });
  });

  test('a run can be started without an input that says anything: null is one', () => {
    const made = synthesize({
      triggers: [{ workflow: 'tick', schedule: Schedule.rate(Duration.hours(1)), input: null }],
    });
    const { InputTransformer } = properties(made.template, 'AWS::Events::Rule', 'Triggertick').Targets[0];
    expect(fill(InputTransformer, { id: '"e"', time: '"t"' })).toMatchObject({ input: null });
  });

  test('a later trigger leaves the rules of the others as they are; one workflow may have several', () => {
    const schedule = Schedule.rate(Duration.hours(1));
    const made = synthesize({ triggers: [{ workflow: 'b', schedule }] }, ({ stack, pawl }) => {
      const eventBus = new EventBus(stack, 'Bus');
      pawl.addTrigger({ workflow: 'a', schedule });
      pawl.addTrigger({ workflow: 'b', eventPattern: { source: ['x'] }, eventBus });
    });
    const rules = Object.keys(made.template.findResources('AWS::Events::Rule')).map((id) => readable({ Ref: id }));
    expect(rules.sort()).toEqual(['Sweeping', 'Triggera', 'Triggerb', 'Triggerb2']);
    expect(properties(made.template, 'AWS::Events::Rule', 'Triggerb2').EventBusName).toBeDefined();
  });

  /** What EventBridge makes of a target's template: each `<name>` is replaced by the JSON at its path. */
  function fill({ InputTemplate }: { InputTemplate: string }, parts: Record<string, string>): unknown {
    return JSON.parse(InputTemplate.replace(/<([\w-]+)>/g, (_, name: string) => parts[name] ?? `no ${name}`));
  }
});

describe('HTTP API', () => {
  const routes = (of: Template) =>
    Object.fromEntries(
      Object.values(of.findResources('AWS::ApiGatewayV2::Route')).map(({ Properties: route }) => [
        route.RouteKey,
        route.AuthorizationType,
      ]),
    );

  test('callers sign with IAM; a callback’s token is its credential', () => {
    expect(routes(template)).toEqual({
      'ANY /': 'AWS_IAM',
      'ANY /{proxy+}': 'AWS_IAM',
      'POST /v1/callbacks/{token}': 'NONE',
    });
    template.hasResourceProperties('AWS::ApiGatewayV2::Integration', { PayloadFormatVersion: '2.0' });
  });

  test('or they show a token of an issuer', () => {
    const made = synthesize({ auth: { jwt: { issuer: 'https://login.example', audience: ['pawl'] } } }).template;
    expect(routes(made)).toEqual({ 'ANY /': 'JWT', 'ANY /{proxy+}': 'JWT', 'POST /v1/callbacks/{token}': 'NONE' });
    made.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerType: 'JWT',
      JwtConfiguration: { Issuer: 'https://login.example', Audience: ['pawl'] },
    });
  });

  test('requests are limited, on the open route more than on others', () => {
    const { DefaultRouteSettings, RouteSettings, StageName } = properties(
      template,
      'AWS::ApiGatewayV2::Stage',
      'HttpStage',
    );
    expect(StageName).toBe('$default');
    expect(DefaultRouteSettings).toMatchObject({ ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1_000 });
    expect(RouteSettings).toEqual({
      'POST /v1/callbacks/{token}': { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 },
    });
    const made = synthesize({ throttle: { routes: { rateLimit: 5 }, callbacks: { burstLimit: 1 } } }).template;
    made.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 1_000 },
      RouteSettings: { 'POST /v1/callbacks/{token}': { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 1 } },
    });
  });

  test('the stage comes after the route that it has settings for', () => {
    template.hasResource('AWS::ApiGatewayV2::Stage', {
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('^PawlHttpApiPOSTv1callbackstoken[0-9A-F]{8}$')]),
    });
  });

  test('access logs are JSON and never name a path, where a callback’s token would stand', () => {
    const { AccessLogSettings } = properties(template, 'AWS::ApiGatewayV2::Stage', 'HttpStage');
    const format = JSON.parse(AccessLogSettings.Format) as Record<string, string>;
    expect(format).toMatchObject({ route: '$context.routeKey', status: '$context.status' });
    expect(Object.values(format).filter((field) => /path/i.test(field))).toEqual([]);
    expect(readable(AccessLogSettings.DestinationArn)).toBe('HttpAccessLogs');
  });

  test('outputs say where it is and what to type next', () => {
    const outputs = Object.values(template.findOutputs('*')).map(({ Value }) => readable(Value));
    expect(outputs.sort()).toEqual(['HttpApi', 'npx pawl run <workflow> --url HttpApi']);
  });
});

describe('encryption with a key of one’s own', () => {
  let made: Synthesis;
  beforeAll(() => {
    made = synthesize((stack) => ({ encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }) }));
  });

  test('table, queues and bucket are encrypted with it', () => {
    const key = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
    made.template.hasResourceProperties('AWS::DynamoDB::Table', {
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: key },
    });
    made.template.resourcePropertiesCountIs('AWS::SQS::Queue', { KmsMasterKeyId: key }, 3);
    made.template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key },
          },
        ],
      },
    });
  });

  test('each function may use it, and EventBridge for undelivered events of this account', () => {
    for (const id of ids) {
      expect(allowances(made.template, `${id}Role`).Key).toEqual(
        ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'ReEncryptFrom', 'ReEncryptTo'].map((a) => `kms:${a}`),
      );
    }
    made.template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'events.amazonaws.com' },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    });
  });
});

describe('alarms and dashboard', () => {
  let made: Synthesis;
  beforeAll(() => {
    made = synthesize((stack) => ({ alarms: { topic: new Topic(stack, 'Topic') }, dashboard: true }));
  });

  const alarm = (of: Template, id: string) => properties(of, 'AWS::CloudWatch::Alarm', `Alarms${id}`);

  test('there are none unless asked for: they cost', () => {
    template.resourceCountIs('AWS::CloudWatch::Alarm', 0);
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });

  test('each one tells the topic when it begins and when it is over', () => {
    const topic = [{ Ref: Match.stringLikeRegexp('^Topic') }];
    made.template.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: topic, OKActions: topic });
    const names = Object.keys(made.template.findResources('AWS::CloudWatch::Alarm')).map((id) => readable({ Ref: id }));
    expect(names.sort()).toEqual(
      [
        'ApiErrors',
        'DeadLetters',
        'DriverErrors',
        'OldestMessage',
        'OverdueRuns',
        'SweeperErrors',
        'SweeperStopped',
        'Throttles',
        'TriggerErrors',
        'Undelivered',
      ].map((name) => `Alarms${name}`),
    );
  });

  test('any dead letter, undelivered event, overdue run or error is too many', () => {
    const visible = 'ApproximateNumberOfMessagesVisible';
    expect(alarm(made.template, 'DeadLetters')).toMatchObject({ MetricName: visible, Threshold: 0 });
    expect(alarm(made.template, 'Undelivered')).toMatchObject({
      MetricName: visible,
      Threshold: 0,
      EvaluationPeriods: 1,
    });
    expect(alarm(made.template, 'OverdueRuns')).toMatchObject({
      Namespace: 'Pawl',
      MetricName: 'OverdueRuns',
      Dimensions: [{ Name: 'service', Value: 'pawl' }],
      Threshold: 0,
      TreatMissingData: 'notBreaching',
    });
    expect(alarm(made.template, 'DriverErrors')).toMatchObject({ MetricName: 'Errors', Threshold: 0 });
  });

  test('a message may become as old as its delay, its visibility timeout and a little', () => {
    expect(alarm(made.template, 'OldestMessage')).toMatchObject({
      MetricName: 'ApproximateAgeOfOldestMessage',
      Threshold: (15 + 12 + 3) * 60,
    });
    const patient = synthesize((stack) => ({
      alarms: { topic: new Topic(stack, 'Topic'), oldestMessageAge: Duration.hours(2) },
    }));
    expect(alarm(patient.template, 'OldestMessage')).toMatchObject({ Threshold: 7_200 });
  });

  test('a sweeper that has not run for five minutes is missed', () => {
    expect(alarm(made.template, 'SweeperStopped')).toMatchObject({
      MetricName: 'Invocations',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      EvaluationPeriods: 5,
      TreatMissingData: 'breaching',
    });
  });

  test('throttles of all functions are one alarm', () => {
    const { Metrics } = alarm(made.template, 'Throttles');
    expect(Metrics).toContainEqual(expect.objectContaining({ Expression: 'api + driver + sweeper + trigger' }));
  });

  test('the dashboard shows queues, functions, API and table', () => {
    const body = JSON.stringify(properties(made.template, 'AWS::CloudWatch::Dashboard', 'Dashboard').DashboardBody);
    for (const metric of [
      'OverdueRuns',
      'ApproximateAgeOfOldestMessage',
      'Duration',
      'ConsumedWriteCapacityUnits',
      '5xx',
    ]) {
      expect(body).toContain(metric);
    }
  });
});

describe('the whole', () => {
  test('nothing has a fixed physical name, so that two live in one stack', () => {
    const made = synthesize({}, ({ stack }) => {
      new Pawl(stack, 'Another', { workflows: 'workflows/index.ts' });
    });
    made.template.resourceCountIs('AWS::DynamoDB::Table', 2);
    const named = Object.values(made.template.toJSON().Resources as Record<string, { Properties?: object }>).flatMap(
      ({ Properties = {} }) =>
        Object.keys(Properties).filter((name) =>
          /^(Table|Queue|Bucket|Role|LogGroup|Alarm|Rule|Dashboard)Name$/.test(name),
        ),
    );
    expect(named).toEqual([]);
    const functions = made.template.findResources('AWS::Lambda::Function', {
      Properties: { FunctionName: Match.anyValue() },
    });
    expect(functions).toEqual({});
  });

  test('the feature flags of a new CDK project change nothing about who may do what', () => {
    const flags = JSON.parse(readFileSync(require.resolve('aws-cdk-lib/recommended-feature-flags.json'), 'utf8'));
    const made = synthesize({}, undefined, flags);
    expect(Object.keys(flags).length).toBeGreaterThan(50);
    for (const id of ids) expect(allowances(made.template, `${id}Role`)).toEqual(allowances(template, `${id}Role`));
    expect(new AwsSolutionsChecks(made.app).validateScope(made.app).violations).toEqual([]);
  });

  test('the repository’s own stack has it, too', () => {
    const stack = new PawlStack(createApp({ 'aws:cdk:bundling-stacks': [] }), 'Pawl');
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 4);
  });

  const everything = (stack: Stack): Partial<PawlProps> => ({
    encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }),
    alarms: { topic: new Topic(stack, 'Topic', { enforceSSL: true }) },
    dashboard: true,
    auth: { jwt: { issuer: 'https://login.example', audience: ['pawl'] } },
    triggers: [{ workflow: 'order', eventPattern: { source: ['shop'] } }],
    maxConcurrency: 5,
  });
  const inNetwork = (stack: Stack): Partial<PawlProps> => ({
    vpc: Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-12345678',
      availabilityZones: ['a'],
      privateSubnetIds: ['subnet-12345678'],
    }),
  });

  test.each<[string, Partial<PawlProps> | ((stack: Stack) => Partial<PawlProps>)]>([
    ['with its defaults', {}],
    ['with everything', everything],
    ['in a network', inNetwork],
    ['to be thrown away', { removalPolicy: RemovalPolicy.DESTROY }],
  ])('%s it passes the AWS Solutions checks', (_how, props) => {
    const { app } = synthesize(props);
    expect(new AwsSolutionsChecks(app).validateScope(app).violations).toEqual([]);
  });

  test('and these checks do find something', () => {
    const { app } = synthesize({}, ({ stack }) => {
      new Bucket(stack, 'Open');
    });
    const found = new AwsSolutionsChecks(app).validateScope(app).violations.map(({ ruleName }) => ruleName);
    expect(found).toEqual(['AwsSolutions-S1', 'AwsSolutions-S10']);
  });
});

describe('code', () => {
  test('each function gets its bundle, and the hash of the driver’s as its deployment', { timeout: 30_000 }, () => {
    const app = createApp();
    const stack = new Stack(app, 'Test');
    new Pawl(stack, 'Pawl', { workflows: 'workflows/index.ts' });
    const made = Template.fromStack(stack);
    const deployments = ids.map((id) => functionOf(made, id).Environment.Variables.PAWL_DEPLOYMENT);
    expect(deployments).toEqual(Array(4).fill(expect.stringMatching(/^[0-9a-f]{32}$/)));
    expect(new Set(deployments).size).toBe(1);

    const keys = ids.map((id) => functionOf(made, id).Code.S3Key as string);
    expect(new Set(keys).size).toBe(4);
    for (const key of keys) {
      const directory = join(app.outdir, `asset.${key.replace('.zip', '')}`);
      expect(readdirSync(directory).sort()).toEqual(['index.mjs', 'node_modules']);
    }
  });

  test('is not bundled where nothing of the stack is deployed', () => {
    const broken = join(createApp().outdir, 'broken.ts');
    writeFileSync(broken, 'export const = 1;');
    expect(() => synthesize({ workflows: broken })).not.toThrow();
    expect(() => new Pawl(new Stack(createApp(), 'Test'), 'Pawl', { workflows: broken })).toThrow(/broken\.ts:1:14: /);
  }, 30_000);
});

describe('what makes no sense is refused with what to do', () => {
  const jwt = (issuer: string, audience: string[]) => ({ auth: { jwt: { issuer, audience } } });

  test.each<[Partial<PawlProps>, RegExp]>([
    [{ workflows: 'flows/none.ts' }, /workflows: there is no file .*flows\/none\.ts; give the module/],
    [{ workflows: 'workflows' }, /workflows: .*workflows is no file; give the module/],
    [{ driverTimeout: Duration.minutes(16) }, /driverTimeout is 16 minutes; .* give whole seconds from 30 s to 15 min/],
    [{ driverTimeout: Duration.seconds(10) }, /driverTimeout is 10 seconds/],
    [{ memory: { driver: 64 } }, /memory\.driver is 64; give a whole number of MB from 128 to 10240/],
    [{ maxConcurrency: 1 }, /maxConcurrency is 1; give a whole number of drivers from 2 to 1000/],
    [{ indexShards: 0.5 }, /indexShards is 0\.5; give a whole number of partitions from 1 to 64/],
    [{ environment: { PAWL_TABLE: 'x' } }, /environment\.PAWL_TABLE: .* choose another/],
    [jwt('login.example', ['a']), /auth\.jwt\.issuer is 'login\.example'; give the https:\/\/ URL/],
    [jwt('https://login.example', []), /auth\.jwt\.audience is empty/],
    [{ bundling: { plugins: 'none.mjs' } }, /bundling\.plugins: there is no file/],
    [
      { triggers: [{ workflow: '', schedule: Schedule.expression('rate(1 day)') }] },
      /triggers\[0\]\.workflow is empty/,
    ],
    [{ triggers: [{ workflow: 'a' } as Trigger] }, /triggers\[0\] needs either an eventPattern or a schedule/],
    [{ vpcSubnets: {} }, /vpcSubnets is given without vpc/],
  ])('%j', (props, message) => {
    expect(() => synthesize(props)).toThrow(message);
  });

  test('a trigger that is added later, too', () => {
    expect(() => plain.pawl.addTrigger({ workflow: '', schedule: Schedule.expression('rate(1 day)') })).toThrow(
      'The trigger.workflow is empty',
    );
  });

  test('all at once', () => {
    expect(() => synthesize({ maxConcurrency: 1, indexShards: 65 })).toThrow(
      /maxConcurrency is 1.*\n- indexShards is 65/,
    );
  });
});
