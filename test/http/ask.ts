import type { z } from 'zod';
import { createHttpApp, type HttpAppOptions } from '../../lib/http/app.ts';
import { problemDetails } from '../../lib/http/contract/schemas.ts';
import { createFakeApi, type FakeApi } from './fake-api.ts';

type Problem = z.output<typeof problemDetails>;

export interface Asked {
  api: FakeApi;
  /** Sends `METHOD /path`. A string is the body as it is, anything else is sent as JSON. */
  ask(line: string, request?: { body?: unknown; headers?: Record<string, string> }): Promise<Response>;
  /** The same, for what is refused: the problem, checked against its schema. */
  refused(line: string, request?: { body?: unknown; headers?: Record<string, string> }): Promise<Problem>;
  logged: [message: string, fields: Record<string, unknown> | undefined][];
}

export function createAsked(options: Partial<HttpAppOptions> = {}): Asked {
  const api = createFakeApi();
  const logged: Asked['logged'] = [];
  const logger = { error: (message: string, fields?: Record<string, unknown>) => void logged.push([message, fields]) };
  const app = createHttpApp({ api, logger, ...options });
  const ask: Asked['ask'] = async (line, { body, headers = {} } = {}) => {
    const [method = '', path = ''] = line.split(' ');
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    return app.request(path, {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
    });
  };
  return {
    api,
    ask,
    logged,
    async refused(line, request) {
      const answer = await ask(line, request);
      const problem = problemDetails.parse(await answer.json());
      const says = [answer.headers.get('content-type'), problem.status, problem.type];
      const expected = ['application/problem+json', answer.status, `/problems/${problem.code.replaceAll('_', '-')}`];
      if (says.join() !== expected.join()) throw new Error(`the problem contradicts its answer: ${says} / ${expected}`);
      return problem;
    },
  };
}

/** Reads a live stream of events, message by message. */
export async function* messages(answer: Response): AsyncGenerator<{ event: string; id?: string; data: unknown }> {
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += new TextDecoder().decode(chunk);
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      );
      text = text.slice(end + 2);
      yield {
        event: fields.event ?? (fields.data === undefined ? 'none' : 'message'),
        ...(fields.id !== undefined && { id: fields.id }),
        data: fields.data === undefined ? fields : JSON.parse(fields.data),
      };
    }
  }
}
