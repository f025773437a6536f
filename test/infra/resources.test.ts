import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { EventBus, EventField, Schedule } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ApplicationLogLevel, Runtime } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { beforeAll, describe, expect, test } from 'vitest';
import { tableShape } from '../../lib/adapters/dynamodb/table.ts';
import { readAwsEnvironment } from '../../lib/wiring/aws/environment.ts';
import { allowances, functionOf, ids, properties, readable, synthesize } from './synthesis.ts';

let template: Template;

beforeAll(() => {
  ({ template } = synthesize());
}, 60_000);

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
  ])('%s runs on Graviton with quiet JSON logs and untraced, for %i s at most', (id, seconds) => {
    expect(functionOf(template, id)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 256,
      Timeout: seconds,
      LoggingConfig: {
        LogFormat: 'JSON',
        SystemLogLevel: 'WARN',
        ApplicationLogLevel: 'INFO',
        LogGroup: { Ref: expect.stringContaining(`Pawl${id}Logs`) },
      },
    });
    expect(functionOf(template, id)).not.toHaveProperty('ReservedConcurrentExecutions');
    expect(functionOf(template, id)).not.toHaveProperty('TracingConfig');
  });

  test('they are traced if that is asked for, except the sweeper: nobody looks at a trace of each minute', () => {
    const { template: made } = synthesize({ tracing: true });
    const modes = ids.map((id) => functionOf(made, id).TracingConfig.Mode);
    expect(modes).toEqual(['Active', 'Active', 'PassThrough', 'Active']);
    expect(allowances(made, 'DriverRole')['*']).toEqual(['xray:PutTelemetryRecords', 'xray:PutTraceSegments']);
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
        POWERTOOLS_SERVICE_NAME: expect.stringContaining('Pawl'),
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
      Blobs: ['s3:ListBucket'],
      'Blobs/*': ['s3:GetObject', 's3:PutObject', 's3:PutObjectTagging'],
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
