import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { Fault } from '../../kernel/faults.ts';
import type { GraphExecutors } from '../graphs.ts';
import type { GraphReach } from './environment.ts';

/** What graphs may have done for them in this account: what the infrastructure says, and nothing else. */
export function createAwsExecutors({ hosts, functions, queues }: GraphReach, sqs: SQSClient): GraphExecutors {
  return {
    ...(hosts.length > 0 && { http: { allow: hosts } }),
    ...(functions.length > 0 && { lambda: createLambdaInvoker(functions) }),
    ...(queues.length > 0 && { queue: createQueueSender(queues, sqs) }),
  };
}

type Invoker = NonNullable<GraphExecutors['lambda']>;
type Sender = NonNullable<GraphExecutors['queue']>;

function createLambdaInvoker(functions: readonly string[]): Invoker {
  // Most deployments have no such task, and should not pay for the client at each cold start.
  const client = once(async () => {
    const { InvokeCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
    // The task has retries of its own, and an answer may take as long as the step.
    const lambda = new LambdaClient({ maxAttempts: 1, requestHandler: { requestTimeout: 900_000 } });
    return { lambda, InvokeCommand };
  });
  return {
    async invokeLambda(name, payload, { signal }) {
      const target = named(functions, name, 'function', 'functions');
      const { lambda, InvokeCommand } = await client();
      const command = new InvokeCommand({ FunctionName: target, Payload: JSON.stringify(payload ?? null) });
      const { Payload, FunctionError } = await lambda.send(command, { abortSignal: signal });
      const text = Payload === undefined ? '' : Buffer.from(Payload).toString('utf8');
      return { payload: text === '' ? undefined : JSON.parse(text), functionError: FunctionError };
    },
  };
}

function createQueueSender(queues: readonly string[], sqs: SQSClient): Sender {
  return {
    async sendToQueue(queue, message, { signal }) {
      const QueueUrl = named(queues, queue, 'queue', 'queues');
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(message) }), {
        abortSignal: signal,
      });
    },
  };
}

/** The ARN or URL that a graph means by it, or by the name at its end. */
function named(known: readonly string[], given: string, what: string, prop: string): string {
  const found = known.find((each) => each === given || lastPart(each) === lastPart(given));
  if (found !== undefined) return found;
  throw new Fault(
    'invalid_input',
    `This deployment does not let graphs use the ${what} '${given}': add it to graphs.${prop}`,
  );
}

function lastPart(address: string): string | undefined {
  return address.split(/[:/]/).at(-1);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
