import type { APIGatewayProxyEventV2 } from 'aws-lambda';

export interface EventParts {
  /** `METHOD /path?query`, as it was sent. */
  line: string;
  headers?: Record<string, string>;
  body?: string;
  isBase64Encoded?: boolean;
  stage?: string;
  authorizer?: unknown;
}

export const iam = (userArn: string) => ({ iam: { userArn, accountId: '1' } });
export const jwt = (claims: Record<string, string>) => ({ jwt: { claims, scopes: null } });

/** What a function gets from an HTTP API, which decodes the path. Twice, but no test here needs the second time. */
export function httpApiEvent(parts: EventParts): APIGatewayProxyEventV2 {
  const event = eventOf(parts, 'abc123.execute-api.eu-central-1.amazonaws.com');
  return { ...event, rawPath: decodeURIComponent(event.rawPath) };
}

/** What a function gets from its URL. */
export function functionUrlEvent(parts: EventParts): APIGatewayProxyEventV2 {
  return eventOf(parts, 'abc123.lambda-url.eu-central-1.on.aws');
}

function eventOf(parts: EventParts, domainName: string): APIGatewayProxyEventV2 {
  const { line, headers = {}, body, isBase64Encoded = false, stage = '$default', authorizer } = parts;
  const [method = '', target = ''] = line.split(' ');
  const [path = '', rawQueryString = ''] = target.split('?');
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString,
    headers: { host: domainName, ...headers },
    ...(body !== undefined && { body }),
    isBase64Encoded,
    requestContext: {
      accountId: '1',
      apiId: 'abc123',
      domainName,
      domainPrefix: 'abc123',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '203.0.113.7', userAgent: 'test' },
      requestId: 'r',
      routeKey: '$default',
      stage,
      time: '21/Nov/2026:08:00:00 +0000',
      timeEpoch: 1_795_248_000_000,
      ...(authorizer !== undefined && { authorizer }),
    } as APIGatewayProxyEventV2['requestContext'],
  };
}
