/** Whether requests are to be signed for AWS, and for what: decided from the address and the options alone. */
import { Fault } from '../kernel/faults.ts';

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/** How requests are signed (Signature Version 4). In browsers there is no signing: pass a token, or a `fetch` that signs. */
export interface AwsOptions {
  /** Default: what the host name says, as `….execute-api.eu-central-1.amazonaws.com`. */
  region?: string;
  /** Default: `lambda` for a function's URL, else `execute-api`. */
  service?: 'execute-api' | 'lambda';
  /** Default: those that all tools of AWS find: environment, profiles, SSO, roles. Asked for with each request. */
  credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
}

export interface AwsTarget {
  host: string;
  region: string;
  service: string;
  credentials: AwsOptions['credentials'];
}

/** What a host name of AWS says about itself. */
export function awsHost(host: string): { region: string; service: 'execute-api' | 'lambda' } | undefined {
  const [, api] = /\.execute-api\.([\w-]+)\.amazonaws\.com(?:\.cn)?$/.exec(host) ?? [];
  if (api !== undefined) return { region: api, service: 'execute-api' };
  const [, fn] = /\.lambda-url\.([\w-]+)\.on\.aws$/.exec(host) ?? [];
  return fn === undefined ? undefined : { region: fn, service: 'lambda' };
}

/**
 * `undefined`: requests are not signed. `isSecured`: they say who asks in another way, so a host name alone is no reason
 * to sign. Throws `Fault` invalid_input.
 */
export function awsTargetOf(
  url: string,
  aws: AwsOptions | false | undefined,
  { isSecured }: { isSecured: boolean },
): AwsTarget | undefined {
  const { hostname } = new URL(url);
  const known = awsHost(hostname);
  if (aws === false || (aws === undefined && (isSecured || known === undefined))) return undefined;
  const region = aws?.region ?? known?.region;
  if (region === undefined) {
    throw new Fault(
      'invalid_input',
      `${hostname} does not say its AWS region: give it, as aws: { region: 'eu-central-1' }`,
    );
  }
  if (known !== undefined && known.region !== region) {
    throw new Fault('invalid_input', `${hostname} is in ${known.region}, and aws.region says ${region}: leave it out`);
  }
  const service = aws?.service ?? known?.service ?? 'execute-api';
  return { host: hostname, region, service, credentials: aws?.credentials };
}
