import { afterEach, describe, expect, test, vi } from 'vitest';
import { awsHost } from '../../lib/client/aws-target.ts';
import { type ClientOptions, createClient, type Fault } from '../../lib/client/index.ts';
import { createSign } from '../../lib/client/sign-request.ts';
import {
  ada,
  createFakeGateway,
  type FakeGateway,
  type FakeGatewayOptions,
  gatewayHost,
  region,
} from './fake-gateway.ts';

const gateways: FakeGateway[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
});

const quickly = { firstDelayMs: 1, maxDelayMs: 5, maxRetryAfterMs: 5 };
const far = `https://${gatewayHost}`;

async function reached(clientOptions: Partial<ClientOptions> = {}, gatewayOptions: FakeGatewayOptions = {}) {
  const gateway = await createFakeGateway(gatewayOptions);
  gateways.push(gateway);
  const aws = { credentials: ada };
  const client = createClient({ url: far, fetch: gateway.fetch, aws, retry: quickly, ...clientOptions });
  return { ...gateway, gateway, client };
}

async function faultOf(asked: Promise<unknown>): Promise<Fault> {
  return asked.then(
    () => {
      throw new Error('it was answered');
    },
    (error: unknown) => error as Fault,
  );
}

describe('a request to API Gateway is signed', () => {
  test('with its body and its idempotency key, which reach Pawl with who asks', async () => {
    const { client, api } = await reached();
    const input = { text: 'größe "quoted"\n', list: [1, 2] };
    const key = 'schön %"1"';
    const { run } = await client.startRun({ workflow: 'order', input, key, origin: 'somebody else' });
    expect(run.input).toEqual(input);
    expect(api.calls[0]).toEqual(['startRun', { workflow: 'order', input, key, origin: 'arn:aws:iam::1:user/ada' }]);
  });

  test('with a query, whatever is in it', async () => {
    const { client, api, sent } = await reached();
    const query = { workflow: "a b+c/d?e=f&g~h!'()*é", createdFrom: '2026-01-01T00:00:00+02:00', limit: 5 };
    await client.listRuns(query);
    expect(api.calls).toEqual([['listRuns', query]]);
    expect(sent[0]).toMatch(/^GET \/v1\/runs\?[\w.~%=&-]+$/);
  });

  test.each(['go', 'go on', 'go/on', 'really?', '100%', "~!'()*", '..', 'größe', 'a%2Fb'])(
    'with a signal’s name that no gateway changes: %s',
    async (name) => {
      const { client, api } = await reached();
      const { id } = (await api.startRun({ workflow: 'order' })).run;
      await client.signalRun(id, name, { payload: 1, key: 'k' });
      expect(api.calls.at(-1)).toEqual([
        'signalRun',
        id,
        name,
        { payload: 1, key: 'k', by: 'arn:aws:iam::1:user/ada' },
      ]);
    },
  );

  test.each(['a b', 'a/b', "~!'()*", 'größe', 'a+b', 'a%b'])(
    'with an encoded path, to a function’s URL that hands it on as it is: %s',
    async (id) => {
      const aws = { credentials: ada, service: 'lambda' as const };
      const { client, api } = await reached({ aws }, { service: 'lambda', keepsPath: true });
      expect(await faultOf(client.getRun(id))).toMatchObject({ code: 'not_found' });
      expect(api.calls).toEqual([['getRun', id]]);
    },
  );

  test('also while it follows a run', async () => {
    const { client, api } = await reached({}, { limits: { gatherMs: 1, comeBackMs: 1 } });
    const { id } = await client.start('order', 1);
    const seen: string[] = [];
    api.record(id, 'task_completed');
    for await (const { type, seq } of client.watchRun(id)) {
      seen.push(type);
      if (seq === 1) api.settle(id, { status: 'completed' });
    }
    expect(seen).toEqual(['task_completed', 'run_completed']);
  });

  test('a callback needs none, and its token comes through', async () => {
    const { gateway, api } = await reached();
    const anybody = createClient({ url: far, fetch: gateway.fetch });
    const token = '4fq0.proof.all~2Fcallback~3Apaid';
    await anybody.answerCallback(token, { result: 1 });
    expect(api.calls).toEqual([['answerCallback', token, { result: 1 }]]);
  });

  test('below a stage’s path, too', async () => {
    const { client, sent } = await reached({ url: `${far}/prod/` });
    await faultOf(client.getRun('x'));
    expect(sent).toEqual(['GET /prod/v1/runs/x']);
  });

  test('anew with each attempt', async () => {
    const { client, api, answer, sent } = await reached();
    answer({ status: 503, body: { message: 'Service Unavailable' } });
    await client.listRuns();
    expect([sent.length, api.calls.length]).toEqual([2, 1]);
  });
});

describe('whether it is signed', () => {
  const credentials = async () => {
    throw new Error('nobody should ask');
  };

  test.each([
    ['api.execute-api.eu-central-1.amazonaws.com', { region: 'eu-central-1', service: 'execute-api' }],
    ['api-vpce-1.execute-api.us-gov-west-1.amazonaws.com', { region: 'us-gov-west-1', service: 'execute-api' }],
    ['api.execute-api.cn-north-1.amazonaws.com.cn', { region: 'cn-north-1', service: 'execute-api' }],
    ['abc.lambda-url.us-east-1.on.aws', { region: 'us-east-1', service: 'lambda' }],
    ['execute-api.us-east-1.amazonaws.com.evil.example', undefined],
    ['127.0.0.1', undefined],
  ])('follows from the host name: %s', (host, said) => {
    expect(awsHost(host)).toEqual(said);
  });

  test('by default it is where the host name is one of AWS, with the credentials of the environment', async () => {
    const gateway = await createFakeGateway();
    gateways.push(gateway);
    vi.stubGlobal('fetch', gateway.fetch);
    vi.stubEnv('AWS_PROFILE', undefined);
    vi.stubEnv('AWS_ACCESS_KEY_ID', ada.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', ada.secretAccessKey);
    vi.stubEnv('AWS_SESSION_TOKEN', ada.sessionToken);
    expect(await createClient({ url: far }).listRuns()).toEqual({ items: [] });
  });

  test('with a token it is not: the token is sent', async () => {
    const { client, api } = await reached({ token: 'good', aws: { credentials } });
    await client.startRun({ workflow: 'order' });
    expect(api.calls[0]).toMatchObject(['startRun', { origin: 'ada' }]);
  });

  test('with a fetch of one’s own it is not, unless asked for', async () => {
    const fetched: unknown[] = [];
    const fetch: typeof globalThis.fetch = async (_input, init) => {
      fetched.push(init?.headers);
      return Response.json({ items: [] });
    };
    await createClient({ url: far, fetch }).listRuns();
    await createClient({ url: far, fetch, aws: { credentials: ada } }).listRuns();
    expect(fetched).toEqual([{}, expect.objectContaining({ authorization: expect.stringContaining('AWS4-HMAC') })]);
  });

  test('it is not where that is said', async () => {
    const gateway = await createFakeGateway();
    gateways.push(gateway);
    vi.stubGlobal('fetch', gateway.fetch);
    const fault = await faultOf(createClient({ url: far, aws: false }).listRuns());
    expect(fault.message).toMatch(/\(Forbidden\).*sign requests for AWS, or pass a token/);
  });

  test('a name of one’s own needs the region', () => {
    expect(() => createClient({ url: 'https://pawl.example.com', aws: {} })).toThrow(/does not say its AWS region/);
  });

  test('a region that contradicts the host name is refused before anything is sent', () => {
    expect(() => createClient({ url: far, aws: { region: 'us-east-1' } })).toThrow(
      `${gatewayHost} is in ${region}, and aws.region says us-east-1: leave it out`,
    );
  });
});

describe('what is wrong with the credentials is said, and what to do', () => {
  test('none are found', async () => {
    for (const name of ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_WEB_IDENTITY_TOKEN_FILE']) {
      vi.stubEnv(name, undefined);
    }
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere/credentials');
    vi.stubEnv('AWS_CONFIG_FILE', '/nowhere/config');
    const { client, sent } = await reached({ aws: {} });
    const fault = await faultOf(client.listRuns());
    expect(fault).toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(
        new RegExp(
          `^No AWS credentials to sign requests to ${gatewayHost} with: Could not load.*aws sso login.*AWS_PROFILE`,
        ),
      ),
    });
    expect(sent).toEqual([]);
  });

  test.each([
    ['expired', { ...ada, expiration: new Date('2026-01-01') }, /expired at 2026-01-01T00:00:00\.000Z\. Log in anew/],
    ['empty', { accessKeyId: '', secretAccessKey: '' }, /no access key or no secret/],
  ])('they are %s', async (_what, credentials, message) => {
    const { client, sent } = await reached({ aws: { credentials } });
    expect(await faultOf(client.listRuns())).toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(message),
    });
    expect(sent).toEqual([]);
  });

  test('they cannot be had', async () => {
    const credentials = () => Promise.reject(new Error('The SSO session has expired'));
    const { client } = await reached({ aws: { credentials } });
    expect((await faultOf(client.listRuns())).message).toContain('The SSO session has expired. Log in anew');
  });

  test('AWS does not know the key', async () => {
    const { client } = await reached({ aws: { credentials: { ...ada, accessKeyId: 'AKIDEVE' } } });
    expect((await faultOf(client.listRuns())).message).toMatch(/does not know the access key/);
  });

  test('the secret is another', async () => {
    const { client } = await reached({ aws: { credentials: { ...ada, secretAccessKey: 'guessed' } } });
    const fault = await faultOf(client.listRuns());
    expect(fault).toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/does not belong to the access key/),
    });
  });

  test('the region is another', async () => {
    const { client } = await reached({
      url: 'https://pawl.example.com',
      aws: { credentials: ada, region: 'us-east-1' },
    });
    expect((await faultOf(client.listRuns())).message).toMatch(/signed for another region than the API’s/);
  });

  test('the service is another', async () => {
    const { client } = await reached({ aws: { credentials: ada, service: 'lambda' } });
    expect((await faultOf(client.listRuns())).message).toMatch(/signed for another service than the API’s/);
  });

  test('the clock is off', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    const sign = createSign({ host: gatewayHost, region, service: 'execute-api', credentials: ada });
    const headers = await sign({ method: 'GET', url: `${far}/v1/runs`, headers: {}, body: undefined });
    vi.useRealTimers();
    const { gateway } = await reached();
    const fetchLater: typeof fetch = (input) => gateway.fetch(input, { headers });
    const late = createClient({ url: far, fetch: fetchLater, aws: { credentials: ada } });
    expect((await faultOf(late.listRuns())).message).toMatch(/The clock of this machine is off/);
  });

  test('the principal may not call the API', async () => {
    const { client, answer, sent } = await reached();
    answer({ status: 403, body: { message: 'Forbidden' } });
    expect(await faultOf(client.listRuns())).toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/refused the request \(Forbidden\)\. The principal .* execute-api:Invoke/),
    });
    expect(sent).toHaveLength(1);
  });

  test('a function’s URL spells it otherwise', async () => {
    const { client, answer } = await reached();
    answer({ status: 403, body: { Message: 'Forbidden' }, headers: { 'x-amzn-ErrorType': 'AccessDeniedException' } });
    expect((await faultOf(client.listRuns())).message).toContain('(Forbidden; AccessDeniedException)');
  });

  test('the token is not accepted', async () => {
    const { client } = await reached({ token: 'stale' });
    expect(await faultOf(client.listRuns())).toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/\(Unauthorized\)\. The token is not accepted there/),
    });
  });
});

describe('what a gateway answers by itself', () => {
  test.each([
    [500, 'Internal Server Error'],
    [503, 'Service Unavailable'],
    [429, 'Too Many Requests'],
  ])('is tried again where a function did not get to answer: %i', async (status, message) => {
    const { client, answer, sent } = await reached();
    answer({ status, body: { message } }, { status, body: { message } });
    expect(await client.listRuns()).toEqual({ items: [] });
    expect(sent).toHaveLength(3);
  });

  test('that lets too much through no more, as often as it is asked, makes the caller hear so', async () => {
    const { client, answer } = await reached();
    const throttled = { status: 429, body: { message: 'Too Many Requests' } };
    answer(throttled, throttled, throttled, throttled);
    expect(await faultOf(client.listRuns())).toMatchObject({ code: 'overloaded' });
  });

  test('an error of Pawl behind it is not', async () => {
    const { client, api, sent } = await reached();
    api.failWith(new Error('secret'));
    expect((await faultOf(client.listRuns())).message).toMatch(/its log says why.*urn:uuid:/);
    expect(sent).toHaveLength(1);
  });

  test.each([
    [404, 'Not Found', 'unavailable'],
    [413, 'Request Entity Too Large', 'too_large'],
  ])('%i is told in its words', async (status, message, code) => {
    const { client, answer } = await reached();
    answer({ status, body: { message } });
    expect(await faultOf(client.listRuns())).toMatchObject({
      code,
      message: `${far} answered ${status} (${message}): is Pawl there?`,
    });
  });
});
