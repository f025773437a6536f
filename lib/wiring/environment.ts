/** The environment of this process. No other module reads `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The variables of this process. */
export const processVariables: Variables = process.env;

/** The trace that this invocation of a Lambda function is part of; AWS sets it anew for each. */
export function traceHeader(): string | undefined {
  return processVariables._X_AMZN_TRACE_ID;
}

/** Where the AWS SDK only talks to stand-ins on this machine, its advice on versions of Node is beside the point. */
export function quietAwsSdk(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}
