/** One contract for every server of SQS's protocol, checked with the real client. What a server lacks is declared below. */
import { startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { startLocalSqs } from '../../lib/dev/sqs/server.ts';
import { batchBehaviours } from './sqs-batches.ts';
import { createBench, type SqsServer } from './sqs-bench.ts';
import { deliveryBehaviours } from './sqs-deliveries.ts';
import { messageBehaviours } from './sqs-messages.ts';
import { queueBehaviours } from './sqs-queues.ts';

const behaviours = { ...queueBehaviours, ...messageBehaviours, ...deliveryBehaviours, ...batchBehaviours };

/** Why a server does not behave so. A gap that is none any more fails. */
type Gaps = Partial<Record<keyof typeof behaviours, string>>;

interface Conditions {
  gaps?: Gaps;
  /** How often a check is repeated before it fails: for servers that know no other time than that of a busy machine. */
  retry?: number;
}

function checkAll(start: () => Promise<SqsServer>, { gaps = {}, retry = 0 }: Conditions = {}): void {
  for (const [title, behaves] of Object.entries(behaviours)) {
    const gap = gaps[title as keyof Gaps];
    const check = gap === undefined ? test.concurrent : test.concurrent.fails;
    check(
      gap === undefined ? title : `${title} (not here: ${gap})`,
      { retry: gap === undefined ? retry : 0 },
      async () => {
        const server = await start();
        const bench = createBench(server);
        try {
          await behaves(bench);
        } finally {
          bench.client.destroy();
          await server.dispose();
        }
      },
    );
  }
}

describe('the local SQS', () => {
  checkAll(async () => {
    const clock = createVirtualClock();
    const { url, core, close } = await startLocalSqs({ clock });
    return {
      endpoint: url,
      pass: (seconds) => clock.advance(seconds * 1_000),
      async isWaiting() {
        while (core.waiting === 0) await clock.macrotask();
      },
      dispose: close,
    };
  });
});

describe('fauxqs', () => {
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  let server: Awaited<ReturnType<typeof startFauxqs>>;
  beforeAll(async () => {
    server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  });
  afterAll(() => server.stop());

  const gaps: Gaps = {
    'a name that no queue can have is refused': 'takes names of any length and letters',
    'errors that the clients’ model does not know have their bare names': 'puts the old prefix before all names',
    'queues are listed in pages for whoever asks for pages': 'begins each page at the first queue',
    'an unknown attribute is refused': 'leaves it out of the answer',
    'a redrive policy without an address or with a count out of bounds is refused': 'stores any text',
    'a second purge within a minute is refused': 'purges again',
    'only the attributes asked for by name come, with a checksum of their own': 'gives the checksum of all attributes',
    'attributes can be asked for by the beginning of their names': 'takes the dot for a part of the beginning',
    'attributes that nobody asked for do not come': 'gives all of them',
    'a trace travels with its message': 'does not keep it',
    'a message may hold characters beyond the first plane': 'takes their halves for invalid characters',
    'a delay of more than fifteen minutes is refused': 'takes any delay',
    'what is no receipt is refused': 'answers that all is well',
    'the visibility of a deleted message cannot be changed': 'gives another error',
    'a receipt that has run out changes nothing any more': 'hides the message once more',
    'a dead letter keeps its id, its attributes and its count': 'counts the receive that moved it, too',
    'a dead letter tells where it died': 'does not know',
    'the entries of a batch have different names of letters, digits, - and _': 'takes names of any length',
    'a receipt in a batch that is none fails alone': 'answers that all is well',
  };

  const start = async (): Promise<SqsServer> => ({
    endpoint: `http://127.0.0.1:${server.port}`,
    pass: (seconds) => sleep(seconds * 1_000 + 100),
    isWaiting: () => sleep(100),
    dispose: async () => {},
  });
  checkAll(start, { gaps, retry: 2 });
});
