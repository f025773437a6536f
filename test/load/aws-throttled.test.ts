/** What a client hears when the services behind the functions have enough. */
import { afterEach, describe, expect, test } from 'vitest';
import { createShiftedClock } from '../../lib/dev/shifted-clock.ts';
import type { AwsClients } from '../../lib/wiring/aws/clients.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { type AwsStage, openAwsStage } from '../end-to-end/aws-stage.ts';

const echo = workflow({ name: 'echo' }, async (_ctx, input: unknown) => input);

/** Clients whose requests of that name are throttled while the switch says so. */
function throttling(name: string, when: { isThrottled: boolean; asked: number }) {
  return (clients: AwsClients): AwsClients => {
    for (const client of Object.values(clients) as AwsClients['dynamodb'][]) {
      client.middlewareStack.add(
        (next, context) => async (args) => {
          if (context.commandName !== name || !when.isThrottled) return next(args);
          when.asked += 1;
          throw Object.assign(new Error('Rate exceeded'), {
            name: 'ThrottlingException',
            $metadata: { httpStatusCode: 400 },
          });
        },
        { step: 'initialize' },
      );
    }
    return clients;
  };
}

let stage: AwsStage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

describe('a start while a service throttles', () => {
  test.each(['PutItemCommand', 'SendMessageCommand'])(
    '(%s) is answered with 503 and Retry-After before the function is cut off; afterwards the same request starts the run',
    { timeout: 20_000 },
    async (name) => {
      const clock = createShiftedClock();
      const when = { isThrottled: true, asked: 0 };
      stage = await openAwsStage({
        workflows: { echo },
        clock,
        eventSource: false,
        wrapClients: throttling(name, when),
      });
      const began = clock.now();
      const ask = () =>
        fetch(`${stage?.aws.url}/v1/runs`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'once' },
          body: JSON.stringify({ workflow: 'echo', input: 1 }),
        });
      const answer = await stage.passing(ask(), 100);
      expect(when.asked).toBeGreaterThan(1);
      expect(clock.now() - began).toBeLessThan(29_000);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await answer.json()).toMatchObject({ code: 'unavailable', detail: expect.stringContaining('cannot') });

      when.isThrottled = false;
      const again = await ask();
      expect([200, 201]).toContain(again.status);
    },
  );
});
