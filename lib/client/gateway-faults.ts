/** What an API Gateway or a function URL says by itself, before Pawl is asked: from its few words to what can be done. */
import { Fault } from '../kernel/faults.ts';

/** How a request says who asks. */
export type Authentication = 'signature' | 'token' | 'nothing';

const causes: [said: RegExp, cause: string][] = [
  [/token.*expired|ExpiredToken/i, 'The AWS credentials have expired: log in anew, as with "aws sso login"'],
  [/signature expired|not yet current/i, 'The clock of this machine is off: set it, and try again'],
  [/scoped to a valid region/i, 'The request is signed for another region than the API’s: correct aws.region'],
  [/scoped to correct service/i, 'The request is signed for another service than the API’s: correct aws.service'],
  [/token.*invalid|UnrecognizedClient/i, 'AWS does not know the access key: are the credentials of the right account?'],
  [/signature.*match/i, 'The secret does not belong to the access key, or the request was changed on its way'],
];

const refusals: Record<Authentication, string> = {
  signature:
    'The principal of the AWS credentials needs to be allowed execute-api:Invoke on this API (lambda:InvokeFunctionUrl on a function’s URL); are account, region and clock right?',
  token: 'The token is not accepted there: is it of the right issuer and audience, and has it not expired?',
  nothing: 'The API asks who it is: sign requests for AWS, or pass a token',
};

/** `undefined`: these are not the words of a gateway. */
export function gatewayFault(
  answer: { status: number; headers: Headers; value: unknown },
  url: string,
  authentication: Authentication,
): Fault | undefined {
  const { status, headers, value } = answer;
  const said = messageOf(value);
  if (said === undefined) return undefined;
  const words = [said, headers.get('x-amzn-errortype'), headers.get('www-authenticate')].filter(Boolean).join('; ');
  if (status !== 401 && status !== 403) {
    const code = status === 413 ? 'too_large' : status === 429 ? 'overloaded' : 'unavailable';
    return new Fault(code, `${url} answered ${status} (${words}): is Pawl there?`);
  }
  const known = authentication === 'signature' ? causes.find(([pattern]) => pattern.test(words))?.[1] : undefined;
  return new Fault('unauthorized', `${url} refused the request (${words}). ${known ?? refusals[authentication]}`);
}

/** `{"message": …}`, of function URLs with a capital. */
function messageOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { message, Message } = value as { message?: unknown; Message?: unknown };
  return [message, Message].find((text): text is string => typeof text === 'string');
}
