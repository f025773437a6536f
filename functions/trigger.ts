/** Starts a run for each event that a rule or a schedule of EventBridge sends; the same event starts the same run. */
import * as z from 'zod';
import { Fault } from '../lib/kernel/faults.ts';
import { startRun } from '../lib/service/start-run.ts';
import { type AwsOptions, openAws } from '../lib/wiring/aws/open-aws.ts';
import { createTelemetry } from '../lib/wiring/aws/telemetry.ts';

/** As the rule's target composes it. */
const eventSchema = z.object({
  pawl: z.object({ workflow: z.string().min(1), version: z.int().positive().optional() }),
  /** Of the event: EventBridge may deliver it twice. */
  id: z.string().min(1).max(200),
  input: z.unknown().optional(),
});

export function createTriggerHandler(options: AwsOptions) {
  const { observer } = createTelemetry();
  const { ports } = openAws({ observer, ...options });

  return async (event: unknown): Promise<{ run: string; created: boolean }> => {
    const { pawl, id, input } = parse(event);
    const { workflow, version } = pawl;
    const { head, created } = await startRun(ports, {
      workflow,
      ...(version !== undefined && { version }),
      input,
      key: `event:${id}`,
      origin: 'event',
    });
    return { run: head.birth.id, created };
  };
}

function parse(event: unknown): z.output<typeof eventSchema> {
  const parsed = eventSchema.safeParse(event);
  if (parsed.success) return parsed.data;
  throw new Fault(
    'invalid_input',
    'The event is not one that a trigger of the Pawl construct sends: expected { pawl: { workflow }, id, input }',
    { problems: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) },
  );
}
