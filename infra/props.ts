import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ThrottleSettings } from 'aws-cdk-lib/aws-apigatewayv2';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ApplicationLogLevel, IFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { BundlingOptions, FunctionName } from './bundling/request.ts';
import type { Trigger } from './triggers.ts';

export interface PawlProps {
  /** The module whose exports are the workflows: absolute, or from the directory in which `cdk` runs. */
  readonly workflows: string;

  /**
   * The longest time that the driver works on a batch of messages, 30 s to 15 min. No step can take longer than this less
   * 10 s. Default: 2 min.
   */
  readonly driverTimeout?: Duration;
  /** Memory of each function in MB, 128 to 10,240. CPU grows with it. Default: 256 each. */
  readonly memory?: Partial<Readonly<Record<FunctionName, number>>>;
  /** The most drivers at once, 2 to 1,000. Default: as many as the account allows. */
  readonly maxConcurrency?: number;
  /** Added to the environment of the functions that run workflows' code: api, driver and trigger. */
  readonly environment?: Readonly<Record<string, string>>;
  /** At least Node.js 22. Default: Node.js 24. */
  readonly runtime?: Runtime;
  readonly bundling?: BundlingOptions;

  /** What tasks of graphs may use beside handlers. Default: nothing. */
  readonly graphs?: GraphProps;

  /** Who may call the HTTP API, apart from callbacks, whose token is their credential. Default: IAM, see `grantApiAccess`. */
  readonly auth?: Auth;
  readonly throttle?: ApiThrottle;
  /** Events and times that start runs. `addTrigger` adds more. Default: none. */
  readonly triggers?: readonly Trigger[];

  /** Partitions of each index, 1 to 64; one takes some 1,000 changes of status a second. May be changed at any time. Default: 4. */
  readonly indexShards?: number;
  /** Backups of the table for any second of the last 35 days. Default: true. */
  readonly pointInTimeRecovery?: boolean;
  /** The table cannot be deleted before this is turned off. Default: true, unless `removalPolicy` is DESTROY. */
  readonly deletionProtection?: boolean;
  /** What becomes of table and bucket when they leave the stack; with DESTROY the bucket is emptied first. Default: RETAIN. */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Encrypts table, queues and bucket. The policy of an imported key has to let events.amazonaws.com use it for
   * `kms:Decrypt` and `kms:GenerateDataKey`. Default: keys that AWS owns.
   */
  readonly encryptionKey?: IKey;
  /** How long logs of functions and API are kept. Default: a month. */
  readonly logRetention?: RetentionDays;
  /** What functions log; from WARN on, `ctx.log.info` is dropped. Default: INFO. */
  readonly logLevel?: ApplicationLogLevel;
  /**
   * Traces of api, driver and trigger in X-Ray: of each invocation below one a second, of a twentieth of them above. A short run
   * then costs two thirds more. Default: false.
   */
  readonly tracing?: boolean;

  /** Functions run in this network. It needs a way to DynamoDB, S3, SQS and, with `tracing`, X-Ray: endpoints or a NAT. Default: none. */
  readonly vpc?: IVpc;
  /** Default: private subnets of `vpc`. */
  readonly vpcSubnets?: SubnetSelection;
  /** Default: one for each function, which lets everything out. */
  readonly securityGroups?: readonly ISecurityGroup[];

  /** Default: none. */
  readonly alarms?: AlarmProps;
  /** A CloudWatch dashboard; the first three of an account are free. Default: false. */
  readonly dashboard?: boolean;
}

export interface GraphProps {
  /** Hosts on the public internet that HTTP tasks may ask: `api.example.com`, `*.example.com`, with a port where it is not the scheme's. */
  readonly hosts?: readonly string[];
  /** Functions that tasks may invoke, by name or ARN. The driver is allowed to. */
  readonly functions?: readonly IFunction[];
  /** Queues that tasks may send to, by name, ARN or URL. The driver is allowed to. */
  readonly queues?: readonly IQueue[];
}

/** `'iam'`: requests are signed (SigV4). `jwt`: requests carry a token of this issuer, for one of these audiences. */
export type Auth = 'iam' | { readonly jwt: { readonly issuer: string; readonly audience: readonly string[] } };

/** In requests a second. What is over it is answered with 429. */
export interface ApiThrottle {
  /** Each route. Default: 500, in bursts of 1,000. */
  readonly routes?: ThrottleSettings;
  /** The callback route, which anybody can call. Default: 50, in bursts of 100. */
  readonly callbacks?: ThrottleSettings;
}

export interface AlarmProps {
  /** Is told when an alarm goes off, and when it is over. */
  readonly topic: ITopic;
  /**
   * How old the oldest message in the queue may become. Default: what a healthy queue never exceeds, the longest delay of a wake
   * (15 min), a visibility timeout and 3 min.
   */
  readonly oldestMessageAge?: Duration;
}
