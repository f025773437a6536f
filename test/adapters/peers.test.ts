import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPeers, type Peers } from '../../lib/adapters/peers/peers.ts';
import { systemClock } from '../../lib/adapters/system/clock.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';
import type { Message } from '../../lib/ports/queue.ts';
import { type Child, startChild } from './child.ts';
import { createDataDir } from './data-dir.ts';

interface Party {
  peers: Peers;
  messages: Message[];
  gone: string[];
}

const start: Message = { kind: 'start', run: 'run-1', nonce: 'nonce-1' };
const wake: Message = { kind: 'wake', run: 'run-1', nonce: 'nonce-1' };

describe('processes on one data directory', () => {
  let dataDir: string;
  let endings: (() => unknown)[];

  beforeEach(() => {
    const directory = createDataDir();
    dataDir = directory.dataDir;
    endings = [directory.remove];
  });
  afterEach(async () => {
    for (const end of endings.reverse()) await end();
  });

  async function enter(role: 'worker' | 'client', directory = dataDir): Promise<Party> {
    const messages: Message[] = [];
    const gone: string[] = [];
    const peers = await createPeers({
      dataDir: directory,
      role,
      clock: systemClock,
      ids: systemIds,
      onMessage: (message) => messages.push(message),
      onPeerGone: (name) => gone.push(name),
    });
    endings.push(() => peers.close());
    return { peers, messages, gone };
  }

  async function enterAsProcess(role: 'worker' | 'client'): Promise<{ child: Child; name: string }> {
    const child = startChild('peer.ts', [dataDir, role]);
    endings.push(() => child.kill());
    return { child, name: await child.said<string>('self') };
  }

  test('a killed process is gone, and is reported once', async () => {
    const { peers, gone } = await enter('worker');
    const { child, name } = await enterAsProcess('worker');
    await vi.waitFor(async () => expect(await peers.workers()).toBe(1));
    expect(await peers.isGone(`${name}.some-turn`)).toBe(false);
    child.process.kill('SIGKILL');
    await vi.waitFor(() => expect(gone).toEqual([name]), { interval: 5, timeout: 10_000 });
    expect(await peers.isGone(`${name}.some-turn`)).toBe(true);
    expect(await peers.workers()).toBe(0);
    expect(gone).toEqual([name]);
  });

  test('a stopped process is not gone: it may go on', async () => {
    const { peers, gone } = await enter('worker');
    const { child, name } = await enterAsProcess('worker');
    child.process.kill('SIGSTOP');
    const late = await enter('client');
    expect(await late.peers.isGone(name)).toBe(false);
    expect(await peers.isGone(name)).toBe(false);
    expect(gone).toEqual([]);
  });

  test('the store is opened while a process that has it keeps all others from writing', async () => {
    const { child } = await enterAsProcess('worker');
    child.tell({ open: true });
    await child.said('opened');
    const { peers } = await enter('client');
    const marks = () => readdirSync(join(dataDir, 'peers')).filter((file) => file.endsWith('.opening'));
    const seen: number[] = [];
    const opened = await peers.whileNobodyWrites((isOpened) => {
      seen.push(marks().length);
      isOpened();
      seen.push(marks().length);
      return 'opened';
    });
    expect(opened).toBe('opened');
    expect(seen).toEqual([1, 0]);
    expect(await child.said('heldUntilOpened')).toBe(true);
  });

  test('the others go on when it cannot be opened', async () => {
    const { child } = await enterAsProcess('worker');
    child.tell({ open: true });
    await child.said('opened');
    const { peers } = await enter('client');
    const fails = () => {
      throw new Error('damaged');
    };
    await expect(peers.whileNobodyWrites(fails)).rejects.toThrow('damaged');
    expect(await child.said('heldUntilOpened')).toBe(true);
  });

  test('of two that open it at once each holds for the other before it writes anything', async () => {
    const { child } = await enterAsProcess('worker');
    const { peers } = await enter('client');
    // The other one has not got it open: nobody is waited for.
    await peers.whileNobodyWrites(
      () => {},
      () => (held) => held(),
    );
    child.tell({ open: true });
    expect(await child.said('heldUntilOpened')).toBe(true);
    expect(await child.said('opened')).toBe(true);
  });

  test('one that closed in order is gone, too', async () => {
    const { peers, gone } = await enter('worker');
    const other = await enter('client');
    await other.peers.close();
    await vi.waitFor(() => expect(gone).toEqual([other.peers.self]));
    expect(await peers.isGone(other.peers.self)).toBe(true);
  });

  test('oneself is never gone; a name that nobody has is', async () => {
    const { peers } = await enter('worker');
    expect(await peers.isGone(`${peers.self}.turn`)).toBe(false);
    expect(await peers.isGone('nobody.turn')).toBe(true);
  });

  test('the socket of a dead process is cleared away by the next one', async () => {
    const { child, name } = await enterAsProcess('worker');
    await child.kill();
    expect(readdirSync(join(dataDir, 'peers'))).toEqual([`${name}.w.sock`]);
    const { peers, gone } = await enter('client');
    expect(readdirSync(join(dataDir, 'peers'))).toEqual([`${peers.self}.c.sock`]);
    expect(await peers.isGone(name)).toBe(true);
    expect(gone).toEqual([]);
  });

  test('a start goes to one worker, anything else to all, and nothing to clients', async () => {
    const client = await enter('client');
    const other = await enter('client');
    expect(await client.peers.wake(start)).toBe(0);
    const workers = [await enter('worker'), await enter('worker')];
    await vi.waitFor(async () => expect(await client.peers.workers()).toBe(2));
    expect(await client.peers.wake(start)).toBe(1);
    expect(workers.flatMap(({ messages }) => messages)).toEqual([start]);
    expect(await client.peers.wake(wake)).toBe(2);
    expect(workers.flatMap(({ messages }) => messages)).toEqual(expect.arrayContaining([start, wake, wake]));
    expect(other.messages).toEqual([]);
  });

  test('a start is handed to another worker if the first is frozen', async () => {
    const frozen = await enterAsProcess('worker');
    const client = await enter('client');
    frozen.child.process.kill('SIGSTOP');
    const { messages } = await enter('worker');
    await vi.waitFor(async () => expect(await client.peers.workers()).toBe(2));
    expect(await client.peers.wake(start)).toBe(1);
    expect(await client.peers.wake(start)).toBe(1);
    expect(messages).toEqual([start, start]);
  });

  test('a process can hand over work the moment it has begun', async () => {
    const { messages } = await enter('worker');
    const { peers } = await enter('client');
    expect(await peers.wake(start)).toBe(1);
    expect(messages).toEqual([start]);
  });

  test('a change is heard in every process that asked for that run, and in no other', async () => {
    const { peers } = await enter('worker');
    const { child } = await enterAsProcess('client');
    const heard: string[] = [];
    peers.subscribe('run-1', (settledAt) => heard.push(`run-1 ${settledAt}`));
    const stop = peers.subscribe('run-2', (settledAt) => heard.push(`run-2 ${settledAt}`));
    await vi.waitFor(() => expect(heard).toEqual(['run-1 undefined', 'run-2 undefined']));
    child.tell({ publish: 'run-1' });
    child.tell({ publish: 'run-3' });
    child.tell({ publish: 'run-2' });
    await vi.waitFor(() => expect(heard.slice(2)).toEqual(['run-1 7', 'run-2 7']));
    stop();
    peers.publish('run-2', 7);
    expect(heard).toHaveLength(4);
  });

  test('whoever subscribes is told to look once, since a change may have been on its way', async () => {
    const { peers } = await enter('worker');
    const { child } = await enterAsProcess('client');
    child.tell({ subscribe: 'run-1' });
    expect(await child.said('changed')).toEqual({ run: 'run-1' });
    peers.publish('run-1', 7);
    expect(await child.said('changed')).toEqual({ run: 'run-1', settledAt: 7 });
  });

  test('a client does not keep its process from ending', async () => {
    await enter('worker');
    const { child } = await enterAsProcess('client');
    child.tell({ end: true });
    expect(await child.ended).toBe(0);
  });

  test.each([
    ['no JSON', 'garbage\n'],
    ['JSON of another shape', '{"say":"message","number":1,"message":{"kind":"start"}}\n'],
    ['null', 'null\n'],
    ['a line without end', 'x'.repeat(5_000_000)],
  ])('hangs up on %s, and lives on', async (_, text) => {
    const { peers, messages } = await enter('worker');
    const socket = createConnection(join(dataDir, 'peers', `${peers.self}.w.sock`));
    socket.on('error', () => {});
    socket.write(text);
    await new Promise((resolve) => socket.on('close', resolve).resume());
    const client = await enter('client');
    expect(await client.peers.wake(start)).toBe(1);
    expect(messages).toEqual([start]);
  });

  test('a peer that hangs up on everybody is not gone', async () => {
    mkdirSync(join(dataDir, 'peers'), { recursive: true, mode: 0o700 });
    const rude = createServer((socket) => socket.destroy()).listen(join(dataDir, 'peers', 'rude.w.sock'));
    endings.push(() => rude.close());
    await new Promise((resolve) => rude.once('listening', resolve));
    const { peers, gone } = await enter('worker');
    expect(await peers.isGone('rude.turn')).toBe(false);
    expect(gone).toEqual([]);
  });

  test('only the owner may enter the directory of sockets', async () => {
    await enter('worker');
    expect(statSync(join(dataDir, 'peers')).mode & 0o777).toBe(0o700);
  });

  test('a data directory with a long path has its sockets elsewhere', async () => {
    const long = join(dataDir, 'x'.repeat(120));
    const { messages } = await enter('worker', long);
    const { peers } = await enter('client', long);
    expect(await peers.wake(start)).toBe(1);
    expect(messages).toEqual([start]);
  });
});
