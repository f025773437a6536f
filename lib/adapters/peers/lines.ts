import type { Socket } from 'node:net';
import type { Message } from '../../ports/queue.ts';
import type { Role } from './directory.ts';

/** What processes say to each other, one JSON text a line. */
export type Line =
  /** The first line of who connects. */
  | { say: 'hello'; name: string; role: Role }
  | { say: 'subscribe' | 'unsubscribe'; run: string }
  | { say: 'changed'; run: string; settledAt?: number }
  | { say: 'message'; number: number; message: Message }
  /** Let nobody write until whoever says this has opened the store. */
  | { say: 'hold'; number: number; name: string; pid: number }
  /** Of a message, or: nobody writes now. */
  | { say: 'received'; number: number }
  /** Who is asked to hold has not got the store open himself: he will, before he writes. */
  | { say: 'later'; number: number };

const LONGEST_LINE = 4_000_000;

export function writeLine(socket: Socket, line: Line): void {
  if (socket.writable) socket.write(`${JSON.stringify(line)}\n`);
}

/** A hint that somebody is too slow to take can be left out. */
export function isBehind(socket: Socket): boolean {
  return socket.writableLength > LONGEST_LINE;
}

/** Hangs up on whoever sends what is no line. */
export function readLines(socket: Socket, take: (line: Line) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const parsed = parse(line);
      if (parsed === undefined || line.length > LONGEST_LINE) {
        socket.destroy();
        return;
      }
      take(parsed);
    }
    if (rest.length > LONGEST_LINE) socket.destroy();
  });
}

function parse(text: string): Line | undefined {
  let line: Partial<Record<string, unknown>> | null;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  return typeof line === 'object' && line !== null && isLine(line) ? (line as Line) : undefined;
}

function isLine(line: Partial<Record<string, unknown>>): boolean {
  switch (line.say) {
    case 'hello':
      return isName(line.name) && (line.role === 'worker' || line.role === 'client');
    case 'subscribe':
    case 'unsubscribe':
      return typeof line.run === 'string';
    case 'changed':
      return typeof line.run === 'string' && ['number', 'undefined'].includes(typeof line.settledAt);
    case 'message':
      return typeof line.number === 'number' && isMessage(line.message);
    case 'hold':
      return typeof line.number === 'number' && typeof line.pid === 'number' && isName(line.name);
    case 'received':
    case 'later':
      return typeof line.number === 'number';
    default:
      return false;
  }
}

/** Nothing else becomes part of a path. */
function isName(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-z]+$/.test(value);
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, run, nonce, mail } = value as Record<string, unknown>;
  if (typeof run !== 'string' || (nonce !== undefined && typeof nonce !== 'string')) return false;
  if (kind === 'mail') return nonce !== undefined && typeof mail === 'object' && mail !== null && 'event' in mail;
  return kind === 'wake' || (kind === 'start' && nonce !== undefined);
}
