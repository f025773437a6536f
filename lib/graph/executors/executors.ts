import type { StepAttempt } from '../../kernel/operations.ts';
import type { HttpMethod, Json } from '../definition.ts';

/**
 * Who does the work of executor tasks beside handlers. What an environment does not offer is left out.
 *
 * Each is told the attempt: its `signal` is aborted when the attempt is no longer wanted, its `idempotencyToken` is the
 * same in all attempts of the task.
 */
export interface Executors {
  http?: HttpExecutor;
  lambda?: LambdaInvoker;
  queue?: QueueSender;
}

export type ExecutorAttempt = Pick<StepAttempt, 'signal' | 'idempotencyToken'>;

export interface HttpRequest {
  method: HttpMethod;
  url: string;
  headers: Record<string, string>;
  /** Sent as JSON. Undefined: no body. */
  body: Json | undefined;
  /** The longest body of a response, in bytes. */
  maxResponseBytes: number;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case; values of one name joined by a comma. */
  headers: Record<string, string>;
  /** Parsed if it is JSON, else text; null where there is none. */
  body: Json;
}

export interface HttpExecutor {
  /** Of an attempt, where the task gives none, in ms. */
  readonly timeoutMs: number;
  /** Whether requests to this URL are allowed, as far as its host says. */
  offers(url: string): boolean;
  /** Rejects with an `ExecutorError`: `HttpError` for a status from 400 on, `NetworkError`, and what is refused. */
  send(request: HttpRequest, attempt: ExecutorAttempt): Promise<HttpAnswer>;
}

/** What AWS answers to an invocation. */
export interface LambdaAnswer {
  /** What the function returned, or `{ errorType, errorMessage }` of what it threw. */
  payload: unknown;
  /** `Handled` or `Unhandled` if the function failed. */
  functionError?: string | undefined;
}

export interface LambdaInvoker {
  /** Invokes and waits for the answer. `name`: a function's name or ARN. */
  invokeLambda(name: string, payload: unknown, attempt: ExecutorAttempt): Promise<LambdaAnswer>;
}

export interface QueueMessage {
  input: Json;
  /** Whoever has it answers, once: `POST /v1/callbacks/{token}`. */
  callbackToken: string;
}

export interface QueueSender {
  /** Resolves once the queue has the message. `queue`: a name, ARN or URL. */
  sendToQueue(queue: string, message: QueueMessage, attempt: ExecutorAttempt): Promise<void>;
}
