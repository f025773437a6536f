import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, test } from 'vitest';
import { Pawl } from '../../infra/pawl.ts';
import type { PawlProps } from '../../infra/props.ts';
import { PawlStack } from '../../infra/stack.ts';
import type { Trigger } from '../../infra/triggers.ts';
import { alarmMetrics } from '../../lib/cost/idle-month.ts';
import {
  allowances,
  createApp,
  functionOf,
  ids,
  properties,
  readable,
  type Synthesis,
  synthesize,
} from './synthesis.ts';

const require = createRequire(import.meta.url);

let plain: Synthesis;
let template: Template;

beforeAll(() => {
  plain = synthesize();
  template = plain.template;
}, 60_000);

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
        'DeadFacts',
        'DeadLetters',
        'DeadWakes',
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

  test('they watch as many metrics as the cost of an idle month says', () => {
    const alarms = Object.values(made.template.findResources('AWS::CloudWatch::Alarm')) as {
      Properties: { Metrics?: { MetricStat?: unknown }[] };
    }[];
    const watched = alarms.map(
      ({ Properties: { Metrics } }) => Metrics?.filter((metric) => metric.MetricStat).length ?? 1,
    );
    expect(watched.reduce((sum, count) => sum + count, 0)).toBe(alarmMetrics);
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
      Dimensions: [{ Name: 'service', Value: expect.stringMatching(/Pawl/) }],
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

describe('what graphs may use', () => {
  test('is told to the functions, and allowed to the driver alone', () => {
    const made = synthesize((stack) => ({
      graphs: {
        hosts: ['api.example.com'],
        functions: [
          LambdaFunction.fromFunctionArn(stack, 'Mail', 'arn:aws:lambda:eu-west-1:123456789012:function:mail'),
        ],
        queues: [Queue.fromQueueArn(stack, 'Work', 'arn:aws:sqs:eu-west-1:123456789012:work')],
      },
    }));
    const text = readable(functionOf(made.template, 'Api').Environment.Variables.PAWL_GRAPHS);
    expect(text).toContain('"hosts":["api.example.com"]');
    expect(text).toContain('function:mail');
    const { 'arn:aws:sqs:eu-west-1:123456789012:work': sending, ...others } = allowances(made.template, 'DriverRole');
    expect(sending).toEqual(['sqs:SendMessage']);
    expect(others['arn:aws:lambda:eu-west-1:123456789012:function:mail']).toEqual(['lambda:InvokeFunction']);
    for (const id of ['Api', 'Sweeper', 'Trigger']) {
      expect(allowances(made.template, `${id}Role`)).toEqual(allowances(template, `${id}Role`));
    }
  });

  test('is nothing unless asked for, and hosts are hosts', () => {
    expect(functionOf(template, 'Driver').Environment.Variables).not.toHaveProperty('PAWL_GRAPHS');
    expect(() => synthesize({ graphs: { hosts: ['https://api.example.com/v1'] } })).toThrow(
      "graphs.hosts has 'https://api.example.com/v1'; give a host",
    );
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
    tracing: true,
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
      expect(readdirSync(directory)).toEqual(expect.arrayContaining(['index.mjs', 'node_modules']));
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
