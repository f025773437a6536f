/** Answers HTTP behind API Gateway, which has let in who may ask. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { createLambdaHttpHandler } from '../lib/http/api-gateway.ts';
import { createHttpApp } from '../lib/http/app.ts';
import { type AwsOptions, openAws } from '../lib/wiring/aws/open-aws.ts';
import { createTelemetry } from '../lib/wiring/aws/telemetry.ts';

/** The gateway gives up after 30 s. */
const streamWaitMs = 20_000;
/** Where a service throttles for longer, whoever asks is to hear so, and not that the function was cut off. */
const storeRetries = 1;
/** On AWS a function has one request at a time; on one machine it shares the stand-ins of the services with all others. */
const startsInFlight = 64;

export function createApiHandler(options: AwsOptions) {
  const { observer, failed } = createTelemetry();
  const { service } = openAws({ observer, ...options, limits: { storeRetries, ...options.limits } });
  const app = createHttpApp({
    api: service,
    behindGateway: true,
    streams: { waitMs: streamWaitMs },
    logger: { error: failed },
    limits: { startsInFlight },
  });
  const handle = createLambdaHttpHandler(app);
  return (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => handle(event);
}
