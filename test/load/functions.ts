/** The functions with what AWS puts around them, over stand-ins in another process. */
import { startLocalAws } from '../../lib/dev/local-aws.ts';
import type { LocalServices } from '../../lib/dev/services.ts';
import { createAwsClients } from '../../lib/wiring/aws/all-clients.ts';
import { quietAwsSdk } from '../../lib/wiring/environment.ts';
import { systemClock } from '../../lib/wiring/system.ts';
import { loadChain } from './workflows.ts';

quietAwsSdk();
const troubles = new Map<string, number>();
process.once('message', async ({ endpoints, environment }: Pick<LocalServices, 'endpoints' | 'environment'>) => {
  const clients = createAwsClients(endpoints);
  const aws = await startLocalAws({
    workflows: { loadChain },
    deployment: 'load',
    port: 0,
    clock: systemClock,
    observer: {
      troubled: ({ message, error }) => {
        const text = `${message}: ${String(error)}`.slice(0, 200);
        if (troubles.size < 50) troubles.set(text, (troubles.get(text) ?? 0) + 1);
      },
    },
    services: { endpoints, environment, clients, close: async () => {} },
  });
  process.send?.({ url: aws.url });
  setInterval(() => {
    process.send?.({ heapMb: process.memoryUsage().heapUsed / 1e6, troubles: [...troubles] });
  }, 1_000);
});
process.on('disconnect', () => process.exit(0));
