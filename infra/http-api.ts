/** HTTP in front of the API's function: who may call what, and how often. */
import { Names, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnStage,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  type HttpRoute,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
  PayloadFormatVersion,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Auth } from './props.ts';
import type { Settings } from './settings.ts';

const callbackPath = '/v1/callbacks/{token}';

export function createHttpApi(pawl: Construct, handler: IFunction, settings: Settings): HttpApi {
  const scope = new Construct(pawl, 'Http');
  const api = new HttpApi(scope, 'Api', {
    apiName: Names.uniqueResourceName(pawl, { maxLength: 128, separator: '-' }),
    description: 'Starts, shows and signals runs of workflows',
    createDefaultStage: false,
    defaultAuthorizer: authorizer(settings.auth),
  });
  const integration = new HttpLambdaIntegration('Handler', handler, {
    payloadFormatVersion: PayloadFormatVersion.VERSION_2_0,
  });
  api.addRoutes({ path: '/', integration });
  api.addRoutes({ path: '/{proxy+}', integration });
  const [callback] = api.addRoutes({
    path: callbackPath,
    methods: [HttpMethod.POST],
    integration,
    authorizer: new HttpNoneAuthorizer(),
  });
  if (callback === undefined) throw new Error('API Gateway got no route for callbacks');
  Validations.of(callback).acknowledge({
    id: 'AwsSolutions-APIG4',
    reason: 'Outside systems answer callbacks: the token in the path is the credential',
  });
  createStage(scope, api, callback, settings);
  return api;
}

function authorizer(auth: Auth): IHttpRouteAuthorizer {
  if (auth === 'iam') return new HttpIamAuthorizer();
  return new HttpJwtAuthorizer('Jwt', auth.jwt.issuer, { jwtAudience: [...auth.jwt.audience] });
}

function createStage(scope: Construct, api: HttpApi, callback: HttpRoute, { throttle, logRetention }: Settings): void {
  const logGroup = new LogGroup(scope, 'AccessLogs', { retention: logRetention, removalPolicy: RemovalPolicy.DESTROY });
  const stage = new HttpStage(scope, 'Stage', {
    httpApi: api,
    stageName: '$default',
    autoDeploy: true,
    throttle: throttle.routes,
    accessLogSettings: { destination: new LogGroupLogDestination(logGroup), format: accessLogFormat() },
  });
  const resource = stage.node.defaultChild as CfnStage;
  resource.routeSettings = {
    [`POST ${callbackPath}`]: {
      ThrottlingRateLimit: throttle.callbacks.rateLimit,
      ThrottlingBurstLimit: throttle.callbacks.burstLimit,
    },
  };
  // API Gateway refuses settings for a route that is not there yet.
  stage.node.addDependency(callback);
}

/** Names the route and not the path: a callback's path holds its token. */
function accessLogFormat(): AccessLogFormat {
  return AccessLogFormat.custom(
    JSON.stringify({
      time: AccessLogField.contextRequestTime(),
      requestId: AccessLogField.contextRequestId(),
      route: AccessLogField.contextRouteKey(),
      status: AccessLogField.contextStatus(),
      latencyMs: AccessLogField.contextResponseLatency(),
      bytes: AccessLogField.contextResponseLength(),
      ip: AccessLogField.contextIdentitySourceIp(),
      userAgent: AccessLogField.contextIdentityUserAgent(),
      caller: AccessLogField.contextIdentityUserArn(),
      error: AccessLogField.contextErrorMessage(),
      authorizerError: AccessLogField.contextAuthorizerError(),
      integrationError: AccessLogField.contextIntegrationErrorMessage(),
    }),
  );
}

/** The ARN of all routes. */
export function apiArn(api: HttpApi): string {
  return Stack.of(api).formatArn({ service: 'execute-api', resource: api.apiId, resourceName: '*' });
}
