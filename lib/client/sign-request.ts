/**
 * Signature Version 4, by AWS's own packages. They are loaded when the first request is signed, by names that bundlers
 * do not follow: browsers have no credentials to sign with, and need not carry them.
 */
import type { SignatureV4 } from '@smithy/signature-v4';
import { Fault } from '../kernel/faults.ts';
import type { AwsCredentials, AwsTarget } from './aws-target.ts';

interface UnsignedRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | undefined;
}

/** Answers with the headers to send in place of those given. Throws `Fault` unauthorized where it cannot sign. */
export type Sign = (request: UnsignedRequest) => Promise<Record<string, string>>;

const packages = { signer: '@smithy/signature-v4', credentials: '@aws-sdk/credential-providers' };

export function createSign(target: AwsTarget): Sign {
  let loading: Promise<SignatureV4> | undefined;
  return async ({ method, url, headers, body }) => {
    loading ??= createSigner(target);
    const signer = await loading;
    const { protocol, host, hostname, port, pathname, searchParams } = new URL(url);
    const query: Record<string, string[]> = {};
    for (const [name, value] of searchParams) query[name] = [...(query[name] ?? []), value];
    const signed = await signer.sign({
      method,
      protocol,
      hostname,
      ...(port !== '' && { port: Number(port) }),
      path: pathname,
      query,
      headers: { ...headers, host },
      ...(body !== undefined && { body }),
    });
    const { host: _host, ...sent } = signed.headers;
    return sent;
  };
}

async function createSigner(target: AwsTarget): Promise<SignatureV4> {
  const { region, service } = target;
  const { SignatureV4: Signer } = await load<typeof import('@smithy/signature-v4')>(packages.signer, target);
  const credentials = await credentialsOf(target);
  return new Signer({ region, service, sha256: Sha256, credentials: () => usable(credentials, target) });
}

async function credentialsOf(target: AwsTarget): Promise<() => Promise<AwsCredentials>> {
  const { credentials, region } = target;
  if (typeof credentials === 'function') return credentials;
  if (credentials !== undefined) return async () => credentials;
  const { fromNodeProviderChain } = await load<typeof import('@aws-sdk/credential-providers')>(
    packages.credentials,
    target,
  );
  return fromNodeProviderChain({ clientConfig: { region } });
}

const renewal = 'Log in anew ("aws sso login", "aws login"), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID with its secret';

async function usable(provide: () => Promise<AwsCredentials>, { host }: AwsTarget): Promise<AwsCredentials> {
  const found = await provide().catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('unauthorized', `No AWS credentials to sign requests to ${host} with: ${why}. ${renewal}`, {
      cause,
    });
  });
  if (found.expiration !== undefined && found.expiration.getTime() <= Date.now()) {
    const since = found.expiration.toISOString();
    throw new Fault('unauthorized', `The AWS credentials for requests to ${host} expired at ${since}. ${renewal}`);
  }
  if (!found.accessKeyId || !found.secretAccessKey) {
    throw new Fault('unauthorized', `The AWS credentials for requests to ${host} have no access key or no secret`);
  }
  return found;
}

async function load<Module>(name: string, { host }: AwsTarget): Promise<Module> {
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as Module;
  } catch (cause) {
    throw new Fault(
      'unauthorized',
      `Requests to ${host} have to be signed, and ${name} cannot be loaded here: in a browser or a bundle pass a token, or a fetch that signs`,
      { cause },
    );
  }
}

type Source = string | ArrayBuffer | ArrayBufferView;

/** SHA-256, or its HMAC with a key, as the signer asks for it. */
class Sha256 {
  readonly #key: Uint8Array<ArrayBuffer> | undefined;
  #data: Uint8Array<ArrayBuffer>[] = [];

  constructor(key?: Source) {
    this.#key = key === undefined ? undefined : bytesOf(key);
  }

  update(data: Source): void {
    this.#data.push(bytesOf(data));
  }

  reset(): void {
    this.#data = [];
  }

  async digest(): Promise<Uint8Array> {
    const data = new Uint8Array(await new Blob(this.#data).arrayBuffer());
    const { subtle } = globalThis.crypto;
    if (this.#key === undefined) return new Uint8Array(await subtle.digest('SHA-256', data));
    const key = await subtle.importKey('raw', this.#key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    return new Uint8Array(await subtle.sign('HMAC', key, data));
  }
}

function bytesOf(source: Source): Uint8Array<ArrayBuffer> {
  if (typeof source === 'string') return new TextEncoder().encode(source);
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return new Uint8Array(view);
}
