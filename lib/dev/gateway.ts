/** API Gateway in front of the api function: HTTP requests become its events (payload format 2.0). On 127.0.0.1 only. */
import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type Answer, type Question, type StandInServer, startStandInServer } from './stand-in-server.ts';

export interface GatewayOptions {
  /** 0: any free one. */
  port: number;
  invoke(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2>;
  failed(error: unknown): void;
}

/** API Gateway's own limit on a request's body, in bytes. */
const bodyBytes = 10 * 1024 * 1024;

/** Rejects with a `Fault` conflict where the port is taken. */
export function startGateway({ port, invoke, failed }: GatewayOptions): Promise<StandInServer> {
  return startStandInServer({
    port,
    bodyBytes,
    tooLong: refusal(413, 'Request Too Long'),
    async answer(question) {
      const event = eventOf(question);
      if (event === undefined) return refusal(400, 'Bad Request');
      try {
        return answerOf(await invoke(event));
      } catch (error) {
        failed(error);
        return refusal(500, 'Internal Server Error');
      }
    },
  });
}

function refusal(status: number, message: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'apigw-requestid': randomUUID() },
    body: JSON.stringify({ message }),
  };
}

function answerOf({
  statusCode = 200,
  headers = {},
  body = '',
  isBase64Encoded,
}: APIGatewayProxyStructuredResultV2): Answer {
  return {
    status: statusCode,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  };
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
function eventOf({ method, path, query, headers, body }: Question): APIGatewayProxyEventV2 | undefined {
  const rawPath = decodedPath(path);
  if (rawPath === undefined) return undefined;
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) sent[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query.toString(),
    headers: sent,
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: sent.host ?? '127.0.0.1',
      domainPrefix: 'local',
      ...(!rawPath.startsWith('/v1/callbacks/') && { authorizer: whoever }),
      http: {
        method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: sent['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
    ...(body.length > 0 && { body: body.toString('base64') }),
    isBase64Encoded: body.length > 0,
  };
}

/** Everybody on this machine is this user; callbacks alone are nobody's. */
const whoever = { iam: { accountId: '000000000000', userArn: 'arn:aws:iam::000000000000:user/local' } };

/** An HTTP API decodes a path twice, and what was a `?` ends it (decision 009). `undefined`: it refuses to. */
function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(decodeURIComponent(path)).split('?', 1)[0];
  } catch {
    return undefined;
  }
}
