/** The construct's props with all defaults, once they make sense. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import type { ThrottleSettings } from 'aws-cdk-lib/aws-apigatewayv2';
import { ApplicationLogLevel, Runtime } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type FunctionName, functionNames } from './bundling/request.ts';
import { graphProblems } from './graphs.ts';
import type { Auth, PawlProps } from './props.ts';
import { triggerProblems } from './triggers.ts';

type Defaulted =
  | 'driverTimeout'
  | 'environment'
  | 'runtime'
  | 'bundling'
  | 'auth'
  | 'triggers'
  | 'indexShards'
  | 'pointInTimeRecovery'
  | 'deletionProtection'
  | 'removalPolicy'
  | 'logRetention'
  | 'logLevel'
  | 'tracing'
  | 'dashboard';

export type Settings = Omit<PawlProps, Defaulted | 'memory' | 'throttle'> &
  Required<Pick<PawlProps, Defaulted>> & {
    memory: Record<FunctionName, number>;
    throttle: { routes: Required<ThrottleSettings>; callbacks: Required<ThrottleSettings> };
  };

/** Throws an `Error` with a line for each thing that is wrong. */
export function settingsOf(props: PawlProps): Settings {
  const problems = problemsOf(props);
  if (problems.length > 0) throw new Error(`Pawl cannot be deployed like this:\n- ${problems.join('\n- ')}`);
  const { memory, throttle, removalPolicy = RemovalPolicy.RETAIN } = props;
  return {
    ...props,
    workflows: resolve(props.workflows),
    driverTimeout: props.driverTimeout ?? Duration.minutes(2),
    memory: { api: 256, driver: 256, sweeper: 256, trigger: 256, ...memory },
    environment: props.environment ?? {},
    runtime: props.runtime ?? Runtime.NODEJS_24_X,
    bundling: props.bundling ?? {},
    auth: props.auth ?? 'iam',
    throttle: {
      routes: { rateLimit: 500, burstLimit: 1_000, ...throttle?.routes },
      callbacks: { rateLimit: 50, burstLimit: 100, ...throttle?.callbacks },
    },
    triggers: props.triggers ?? [],
    indexShards: props.indexShards ?? 4,
    pointInTimeRecovery: props.pointInTimeRecovery ?? true,
    deletionProtection: props.deletionProtection ?? removalPolicy !== RemovalPolicy.DESTROY,
    removalPolicy,
    logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
    logLevel: props.logLevel ?? ApplicationLogLevel.INFO,
    tracing: props.tracing ?? false,
    dashboard: props.dashboard ?? false,
  };
}

function problemsOf(props: PawlProps): string[] {
  return [
    ...workflowsProblems(props.workflows),
    ...timeoutProblems(props.driverTimeout),
    ...functionNames.flatMap((name) => rangeProblems(`memory.${name}`, props.memory?.[name], 128, 10_240, 'MB')),
    ...rangeProblems('maxConcurrency', props.maxConcurrency, 2, 1_000, 'drivers'),
    ...rangeProblems('indexShards', props.indexShards, 1, 64, 'partitions'),
    ...environmentProblems(props.environment ?? {}),
    ...authProblems(props.auth),
    ...(props.bundling?.plugins === undefined ? [] : fileProblems('bundling.plugins', props.bundling.plugins)),
    ...(props.triggers ?? []).flatMap((trigger, index) => triggerProblems(trigger, `triggers[${index}]`)),
    ...graphProblems(props.graphs ?? {}),
    ...networkProblems(props),
  ];
}

function workflowsProblems(workflows: string): string[] {
  return fileProblems('workflows', workflows).map(
    (problem) => `${problem}; give the module whose exports are the workflows, such as 'workflows/index.ts'`,
  );
}

function fileProblems(name: string, path: string): string[] {
  const file = resolve(path);
  if (!existsSync(file)) return [`${name}: there is no file ${file}`];
  return statSync(file).isFile() ? [] : [`${name}: ${file} is no file`];
}

function timeoutProblems(timeout: Duration | undefined): string[] {
  if (timeout === undefined || timeout.isUnresolved()) return [];
  const seconds = timeout.toSeconds({ integral: false });
  if (seconds >= 30 && seconds <= 900 && Number.isInteger(seconds)) return [];
  return [
    `driverTimeout is ${timeout.toHumanString()}; Lambda ends a function after 15 min, and less than 30 s leave no time for ` +
      'steps: give whole seconds from 30 s to 15 min, and split a longer step into several',
  ];
}

function rangeProblems(name: string, value: number | undefined, from: number, to: number, unit: string): string[] {
  if (value === undefined || Token.isUnresolved(value)) return [];
  if (Number.isInteger(value) && value >= from && value <= to) return [];
  return [`${name} is ${value}; give a whole number of ${unit} from ${from} to ${to}`];
}

function environmentProblems(environment: Readonly<Record<string, string>>): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('PAWL_'))
    .map((name) => `environment.${name}: names that begin with PAWL_ are Pawl's own; choose another one`);
}

function authProblems(auth: Auth | undefined): string[] {
  if (auth === undefined || auth === 'iam') return [];
  const { issuer, audience } = auth.jwt;
  const isUrl = Token.isUnresolved(issuer) || issuer.startsWith('https://');
  return [
    ...(isUrl ? [] : [`auth.jwt.issuer is '${issuer}'; give the https:// URL that the tokens have as \`iss\``]),
    ...(audience.length > 0 ? [] : ['auth.jwt.audience is empty; give what the tokens have as `aud`']),
  ];
}

function networkProblems({ vpc, vpcSubnets, securityGroups }: PawlProps): string[] {
  if (vpc !== undefined) return [];
  return Object.entries({ vpcSubnets, securityGroups })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => `${name} is given without vpc; give the network, too`);
}
