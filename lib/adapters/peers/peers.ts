/**
 * The other processes on a data directory. Each holds a Unix socket, which the operating system takes from it when it
 * dies: then nobody can connect any more, and the open connections end.
 * Owns: who is alive, hints and wakes between processes.
 * Does not own: anything durable; all that is said here may be lost.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Changes } from '../../ports/changes.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Liveness } from '../../ports/liveness.ts';
import type { Message } from '../../ports/queue.ts';
import { createSubscribers } from '../subscribers.ts';
import { openPeerDirectory, type PeerFile, type Role, socketFile, toPeerFile } from './directory.ts';
import { isBehind, type Line, readLines, writeLine } from './lines.ts';
import { createLink, type Link } from './link.ts';
import { createOpening, type Opening, openingSuffix } from './opening.ts';

/** 60 bits: every event that a process writes carries its name. */
const NAME_LENGTH = 12;
/** In case the operating system does not tell of new files. */
const SCAN_EVERY_MS = 2_000;
/** Before connecting again to one that hung up at once. */
const RECONNECT_AFTER_MS = 10;
/** A process that died between binding its socket and naming it leaves a draft, one that died while it opened the store a mark. */
const DRAFT_LIVES_MS = 60_000;
const leftovers = ['.draft', openingSuffix];

export interface PeersOptions {
  dataDir: string;
  role: Role;
  clock: Clock;
  ids: Ids;
  onMessage: (message: Message) => void;
  /** Once for each process that ended, however it did. */
  onPeerGone: (name: string) => void;
}

export interface Peers extends Liveness, Changes {
  /** Hands the message to one live worker if it is a start, else to all; answers how many have it. */
  wake(message: Message): Promise<number>;
  /** Live worker processes other than this one. */
  workers(): Promise<number>;
  /**
   * Opens the store while none of the others writes. `open` may say so as soon as it has the file open, and has to before it waits
   * for those who write. `holdWrites` is what the others may ask of this process from then on; one that only reads has none.
   */
  whileNobodyWrites: Opening['whileNobodyWrites'];
  close(): Promise<void>;
}

/** A connection that another process opened, and the runs it wants to hear of. */
interface Caller {
  socket: Socket;
  runs: Set<string>;
}

export async function createPeers({ dataDir, role, clock, ids, onMessage, onPeerGone }: PeersOptions): Promise<Peers> {
  const directory = openPeerDirectory(dataDir);
  const self = ids.random().slice(0, NAME_LENGTH);
  const ownFile = socketFile(self, role);
  const local = createSubscribers();
  const subscriptions = new Map<string, number>();
  const servers = new Set<Server>();
  const callers = new Set<Caller>();
  const links = new Map<string, Link>();
  const connecting = new Map<string, Promise<boolean>>();
  const gone = new Set<string>();
  let nextWorker = 0;
  let scanning: Promise<void> | undefined;
  let isOpen = false;
  let isClosed = false;
  const opening = createOpening(directory, self, async () => {
    for (const link of [...links.values()]) {
      if (await link.ask({ say: 'hold', name: self, pid: process.pid })) return;
    }
  });

  function letProcessEnd(handle: { unref(): unknown }): void {
    if (role === 'client') handle.unref();
  }

  /** The socket gets its name when it takes connections, so that nobody takes it for a dead one's. */
  async function listen(): Promise<void> {
    const draft = join(directory, `${self}.draft`);
    await rm(draft, { force: true });
    const server = createServer(accept);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(draft, resolve);
    });
    await rename(draft, join(directory, ownFile));
    server.on('error', () => {});
    letProcessEnd(server);
    servers.add(server);
  }

  function accept(socket: Socket): void {
    const caller: Caller = { socket, runs: new Set() };
    callers.add(caller);
    letProcessEnd(socket);
    socket.on('close', () => callers.delete(caller));
    readLines(socket, (line) => hear(caller, line));
  }

  function hear({ socket, runs }: Caller, line: Line): void {
    if (isClosed) return;
    switch (line.say) {
      case 'hello':
        // Whoever calls is there: no need to wait until its file is noticed.
        void connect({ name: line.name, role: line.role, file: socketFile(line.name, line.role) });
        return;
      case 'subscribe':
        runs.add(line.run);
        // What happened on the way here was not told: let them look once.
        writeLine(socket, { say: 'changed', run: line.run });
        return;
      case 'unsubscribe':
        runs.delete(line.run);
        return;
      case 'message':
        onMessage(line.message);
        writeLine(socket, { say: 'received', number: line.number });
        return;
      case 'changed':
        local.publish(line.run, line.settledAt);
        return;
      case 'hold':
        opening.hold(line, (say) => writeLine(socket, { say, number: line.number }));
        return;
      case 'received':
      case 'later':
        return;
    }
  }

  /** True: the peer is there, and linked unless this process is closing. */
  function connect(peer: PeerFile): Promise<boolean> {
    if (peer.name === self || links.has(peer.name)) return Promise.resolve(true);
    if (gone.has(peer.name)) return Promise.resolve(false);
    const attempt = connecting.get(peer.name) ?? tryToConnect(peer).finally(() => connecting.delete(peer.name));
    connecting.set(peer.name, attempt);
    return attempt;
  }

  async function tryToConnect(peer: PeerFile): Promise<boolean> {
    const answer = await openSocket(join(directory, peer.file));
    if (answer === 'nobody') {
      await bury(peer);
      return false;
    }
    if (answer === 'unknown') return true;
    if (isClosed) answer.destroy();
    else welcome(peer, answer);
    return true;
  }

  function welcome(peer: PeerFile, socket: Socket): void {
    const link = createLink(peer, socket, clock);
    const since = performance.now();
    links.set(peer.name, link);
    letProcessEnd(socket);
    readLines(socket, (line) => {
      if (line.say === 'changed') local.publish(line.run, line.settledAt);
      if (line.say === 'received' || line.say === 'later') link.answered(line.number, line.say === 'received');
    });
    socket.on('close', () => {
      links.delete(peer.name);
      link.ended();
      const hungUpAtOnce = performance.now() - since < RECONNECT_AFTER_MS;
      if (isClosed) return;
      if (hungUpAtOnce) letProcessEnd(setTimeout(() => void connect(peer), RECONNECT_AFTER_MS));
      else void connect(peer);
    });
    writeLine(socket, { say: 'hello', name: self, role });
    for (const run of subscriptions.keys()) writeLine(socket, { say: 'subscribe', run });
  }

  /** No process will ever have that name again, so its file can go. */
  async function bury({ name, file }: PeerFile): Promise<void> {
    if (gone.has(name)) return;
    gone.add(name);
    await rm(join(directory, file), { force: true });
    // What was dead before this process began is not news.
    if (isOpen && !isClosed) onPeerGone(name);
  }

  async function scan(): Promise<void> {
    const files = await readdir(directory);
    if (isClosed) return;
    if (!files.includes(ownFile)) await listen();
    await Promise.all(files.map((file) => meet(file)));
  }

  async function meet(file: string): Promise<void> {
    const peer = toPeerFile(file);
    if (peer !== undefined) {
      await connect(peer);
      return;
    }
    const path = join(directory, file);
    const age =
      Date.now() -
      (await stat(path).then(
        (found) => found.mtimeMs,
        () => Date.now(),
      ));
    const isLeft = leftovers.some((end) => file.endsWith(end));
    if (isLeft && age > DRAFT_LIVES_MS) await rm(path, { force: true });
  }

  function scanOnce(): Promise<void> {
    scanning ??= scan()
      // The directory may be gone for a moment; the next scan will tell.
      .catch(() => {})
      .finally(() => {
        scanning = undefined;
      });
    return scanning;
  }

  function watchDirectory(): FSWatcher | undefined {
    try {
      const watcher = watch(directory, { persistent: role === 'worker' }, () => void scanOnce());
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      return undefined;
    }
  }

  function linkedWorkers(): Link[] {
    return [...links.values()].filter(({ peer }) => peer.role === 'worker');
  }

  function tellAll(line: Line): void {
    for (const { socket } of links.values()) writeLine(socket, line);
  }

  await listen();
  const watcher = watchDirectory();
  const scanTimer = setInterval(() => void scanOnce(), SCAN_EVERY_MS);
  letProcessEnd(scanTimer);
  await scanOnce();
  isOpen = true;

  return {
    self,

    async isGone(nameOrDriver) {
      const [name = ''] = nameOrDriver.split('.');
      if (name === self || links.has(name)) return false;
      if (gone.has(name)) return true;
      // It had its socket before it told anybody its name.
      const roles = ['worker', 'client'] as const;
      const files = await readdir(directory);
      const file = roles.map((peerRole) => ({ name, role: peerRole, file: socketFile(name, peerRole) }));
      const peer = file.find((candidate) => files.includes(candidate.file));
      if (peer !== undefined) return !(await connect(peer));
      gone.add(name);
      return true;
    },

    publish(runId, settledAt, end) {
      local.publish(runId, settledAt, end);
      for (const { socket, runs } of callers) {
        if (runs.has(runId) && !isBehind(socket))
          writeLine(socket, { say: 'changed', run: runId, ...(settledAt !== undefined && { settledAt }) });
      }
    },

    subscribe(runId, callback) {
      const stop = local.subscribe(runId, callback);
      const others = subscriptions.get(runId) ?? 0;
      subscriptions.set(runId, others + 1);
      if (others === 0) tellAll({ say: 'subscribe', run: runId });
      let hasStopped = false;
      return () => {
        if (hasStopped) return;
        hasStopped = true;
        stop();
        const left = (subscriptions.get(runId) ?? 1) - 1;
        if (left > 0) {
          subscriptions.set(runId, left);
          return;
        }
        subscriptions.delete(runId);
        tellAll({ say: 'unsubscribe', run: runId });
      };
    },

    async wake(message) {
      const workers = linkedWorkers();
      if (message.kind !== 'start') {
        const answers = await Promise.all(workers.map((link) => link.ask({ say: 'message', message })));
        return answers.filter((received) => received).length;
      }
      nextWorker += 1;
      for (let turn = 0; turn < workers.length; turn += 1) {
        const link = workers[(nextWorker + turn) % workers.length];
        if (await link?.ask({ say: 'message', message })) return 1;
      }
      return 0;
    },

    whileNobodyWrites: opening.whileNobodyWrites,

    async workers() {
      await scanOnce();
      return linkedWorkers().length;
    },

    async close() {
      if (isClosed) return;
      isClosed = true;
      clearInterval(scanTimer);
      watcher?.close();
      // First the name, so that whoever sees the connection end finds nobody.
      await rm(join(directory, ownFile), { force: true });
      for (const { socket } of callers) socket.destroy();
      for (const { socket } of links.values()) socket.destroy();
      await Promise.all([...servers].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

/** `nobody`: no process holds that socket any more. `unknown`: it cannot be told now. */
function openSocket(path: string): Promise<Socket | 'nobody' | 'unknown'> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error) => {
      socket.destroy();
      const code = 'code' in error ? error.code : undefined;
      resolve(code === 'ECONNREFUSED' || code === 'ENOENT' ? 'nobody' : 'unknown');
    });
  });
}
