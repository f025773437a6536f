/** A function with its role and its log group. */
import { type Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  type Code,
  Function as LambdaFunction,
  LoggingFormat,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { FunctionName } from './bundling/request.ts';
import { objectsOf, type Permission } from './permissions.ts';
import type { Settings } from './settings.ts';

export interface PawlFunctionProps {
  name: FunctionName;
  description: string;
  code: Code;
  timeout: Duration;
  environment: Record<string, string>;
  permissions: readonly Permission[];
  /** Where the payloads are. */
  bucket: Bucket;
  settings: Settings;
}

export function createFunction(pawl: Construct, id: string, props: PawlFunctionProps): LambdaFunction {
  const { name, settings } = props;
  const scope = new Construct(pawl, id);
  const logGroup = new LogGroup(scope, 'Logs', {
    retention: settings.logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = createRole(scope, settings, [
    ...props.permissions,
    { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] },
  ]);
  acknowledge(scope, props);
  return new LambdaFunction(scope, 'Function', {
    description: props.description,
    code: props.code,
    handler: 'index.handler',
    runtime: settings.runtime,
    architecture: Architecture.ARM_64,
    memorySize: settings.memory[name],
    timeout: props.timeout,
    environment: { ...props.environment, ...sourceMapOptions(props.environment, settings) },
    role,
    tracing: tracingOf(props),
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    // Lambda's own lines, three for each invocation, would cost more than the invocation.
    systemLogLevelV2: SystemLogLevel.WARN,
    // Metrics in the embedded format have no level, and count as INFO.
    applicationLogLevelV2: name === 'sweeper' ? ApplicationLogLevel.INFO : settings.logLevel,
    ...network(settings),
  });
}

function tracingOf({ name, settings }: PawlFunctionProps): Tracing {
  if (!settings.tracing) return Tracing.DISABLED;
  // A tick each minute would be traced each minute; what it sends begins a trace of its own.
  return name === 'sweeper' ? Tracing.PASS_THROUGH : Tracing.ACTIVE;
}

function logicalId(bucket: Bucket): string {
  return Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket);
}

function createRole(scope: Construct, { vpc }: Settings, permissions: readonly Permission[]): Role {
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  for (const { actions, resources } of permissions) {
    role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
  }
  if (vpc) role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName(networkPolicy));
  return role;
}

const networkPolicy = 'service-role/AWSLambdaVPCAccessExecutionRole';

function network({ vpc, vpcSubnets, securityGroups }: Settings) {
  if (vpc === undefined) return {};
  return { vpc, ...(vpcSubnets && { vpcSubnets }), ...(securityGroups && { securityGroups: [...securityGroups] }) };
}

function sourceMapOptions({ NODE_OPTIONS }: Record<string, string>, { bundling }: Settings): Record<string, string> {
  if (bundling.sourceMap !== true) return {};
  return { NODE_OPTIONS: [NODE_OPTIONS, '--enable-source-maps'].filter(Boolean).join(' ') };
}

function acknowledge(scope: Construct, props: PawlFunctionProps): void {
  const { bucket, permissions, settings } = props;
  if (settings.tracing) {
    Validations.of(scope).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'X-Ray has no resources that writing a trace could be limited to',
    });
  }
  if (permissions.some(({ resources }) => resources.includes(objectsOf(bucket.bucketArn)))) {
    Validations.of(scope).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${logicalId(bucket)}.Arn>/*]`,
      reason: 'Payloads have keys that follow from their runs; the bucket holds nothing else',
    });
  }
  if (settings.vpc === undefined) return;
  Validations.of(scope).acknowledge({
    id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${networkPolicy}]`,
    reason:
      'Network interfaces are made in the name of the function, and have no ARNs before; AWS keeps the list of actions',
  });
}
