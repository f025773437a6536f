/** A function's process: the handlers, which are called one invocation at a time. It may be killed or frozen at any moment. */
import { appendFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { createApiHandler } from '../../functions/api.ts';
import { createDriverHandler } from '../../functions/driver.ts';
import { createSweeperHandler } from '../../functions/sweeper.ts';
import { contextOf } from '../../lib/dev/lambda.ts';
import { createShiftedClock } from '../../lib/dev/shifted-clock.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import { createAwsClients } from '../../lib/wiring/aws/all-clients.ts';
import { quietAwsSdk } from '../../lib/wiring/environment.ts';
import type { Effect, FromSandbox, FunctionName, SandboxData, ToSandbox } from './protocol.ts';
import { createSoakWorkflows } from './workflows.ts';

const { name, endpoints, environment, timeouts, shift, frozen, effects } = workerData as SandboxData;
const shifted = new Float64Array(shift);
const isFrozen = new Int32Array(frozen);
const own = createShiftedClock();
let shiftedBy = 0;

/** Whoever asks for the time knows how far it has been shifted, as one does who wakes up. */
function catchUp(): void {
  const by = shifted[0] ?? 0;
  if (by <= shiftedBy) return;
  const missed = by - shiftedBy;
  shiftedBy = by;
  own.skip(missed);
}

const clock: Clock = {
  now() {
    catchUp();
    return own.now();
  },
  schedule(at, callback) {
    catchUp();
    return own.schedule(at, callback);
  },
  macrotask: () => own.macrotask(),
};

const tell = (message: FromSandbox) => parentPort?.postMessage(message);
const begin = (effect: Effect) => appendFileSync(effects, `${JSON.stringify(effect)}\n`);
quietAwsSdk();
const common = {
  environment,
  clock,
  clients: createAwsClients(endpoints, timeouts),
  observer: {
    troubled: ({ run, message, error }: { run: string; message: string; error: unknown }) =>
      tell({ type: 'troubled', run, trouble: `${message}: ${error}` }),
  },
};
const workflows = createSoakWorkflows(clock, name, begin);
type Handle = (event: unknown, context: ReturnType<typeof contextOf>) => Promise<unknown>;
const handlers: Record<FunctionName, Handle> = {
  api: createApiHandler({ ...common, workflows }) as Handle,
  driver: createDriverHandler({ ...common, workflows }) as Handle,
  sweeper: createSweeperHandler(common) as Handle,
};

parentPort?.on('message', (message: ToSandbox) => {
  switch (message.type) {
    case 'freeze':
      while (Atomics.load(isFrozen, 0) === 1) Atomics.wait(isFrozen, 0, 1);
      catchUp();
      return;
    case 'shifted':
      catchUp();
      return;
    case 'invoke': {
      const { id, name: called, event, deadline } = message;
      Promise.resolve()
        .then(() => handlers[called](event, contextOf(called, deadline, clock)))
        .then(
          (result) => tell({ type: 'answered', id, result }),
          (error: unknown) => tell({ type: 'failed', id, error: String(error) }),
        );
    }
  }
});
tell({ type: 'ready' });
