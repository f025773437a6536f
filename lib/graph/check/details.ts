import type { Reader } from '../language/shape.ts';
import { entryOf } from '../source/nodes.ts';
import { at } from '../source/path.ts';
import type { DraftGraph, DraftTask } from './draft.ts';
import { targetIn } from './slots.ts';

/** What no single field can say of itself. */
export function checkDetails({ all }: DraftGraph, reader: Reader): void {
  for (const task of all) {
    checkBodyOfRequest(task, reader);
    checkHeartbeat(task, reader);
    checkUrl(task, reader);
  }
}

function checkBodyOfRequest({ read, type }: DraftTask, reader: Reader): void {
  const method = type === 'executor' ? targetIn(read.values)?.values.method : undefined;
  const input = entryOf(read.node, 'input');
  if ((method !== 'GET' && method !== 'HEAD') || !input) return;
  const message = `a ${method} request has no body, so that "input" goes nowhere`;
  reader.problems.add(
    input.nameStart,
    at(read.path, 'input'),
    message,
    'use "query" of the HTTP call, or another method',
  );
}

function checkHeartbeat({ read, type }: DraftTask, reader: Reader): void {
  const heartbeat = entryOf(read.node, 'heartbeatTimeout');
  if (type !== 'executor' || !heartbeat || entryOf(read.node, 'handler')) return;
  const message = '"heartbeatTimeout" is for handlers: nobody else gives heartbeats';
  reader.problems.add(heartbeat.nameStart, at(read.path, 'heartbeatTimeout'), message, 'use "timeout"');
}

function checkUrl({ read }: DraftTask, reader: Reader): void {
  const url = targetIn(read.values)?.values.url;
  if (url?.kind !== 'literal' || typeof url.value !== 'string') return;
  const isHttp = /^https?:\/\//i.test(url.value) && URL.canParse(url.value);
  const entry = targetIn(read.values)?.node.entries.find(({ name }) => name === 'url');
  if (isHttp || !entry) return;
  const path = at(at(read.path, 'http'), 'url');
  reader.problems.add(
    entry.value.start,
    path,
    'the URL is not one of http or https',
    'as in "https://example.com/orders"',
  );
}
