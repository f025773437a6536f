import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { endOfStream, historyEntry, problemDetails } from '../../lib/http/contract/schemas.ts';
import { Fault } from '../../lib/kernel/faults.ts';
import { createAsked, messages } from './ask.ts';

async function watched(headers: Record<string, string> = {}, query = '', recorded = 0) {
  const asked = createAsked({ limits: { heartbeatMs: 5, reconnectMs: 250 } });
  const { id } = (await asked.api.startRun({ workflow: 'order' })).run;
  for (let seq = 1; seq <= recorded; seq += 1) asked.api.record(id, 'task_completed', { key: `task${seq}` });
  const answer = await asked.ask(`GET /v1/runs/${id}/events${query}`, { headers });
  return { ...asked, id, answer, stream: messages(answer) };
}

/** The next message that is not a heartbeat. */
async function next(stream: ReturnType<typeof messages>) {
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return undefined;
    if (value.event !== 'none') return value;
  }
}

describe('GET /v1/runs/{id}/events', () => {
  test('is a stream of server-sent events that says when to come back', async () => {
    const { answer, stream } = await watched();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect((await stream.next()).value).toEqual({ event: 'none', data: { retry: '250' } });
    await stream.return(undefined);
  });

  test('begins with what is there, and goes on with what comes; the id is the sequence number', async () => {
    const { stream, api, id } = await watched({}, '', 2);
    expect(await next(stream)).toMatchObject({ event: 'message', id: '1', data: { seq: 1, key: 'task1' } });
    expect(historyEntry.parse((await next(stream))?.data)).toMatchObject({ seq: 2, key: 'task2' });
    const upcoming = next(stream);
    api.record(id, 'task_completed', { key: 'live' });
    expect(await upcoming).toMatchObject({ id: '3', data: { key: 'live' } });
    await stream.return(undefined);
  });

  test('ends with `end` when the run has ended', async () => {
    const { stream, api, id } = await watched();
    api.settle(id, { status: 'completed', output: 1 });
    expect(await next(stream)).toMatchObject({ data: { type: 'run_completed' } });
    const end = await next(stream);
    expect(end?.event).toBe('end');
    expect(endOfStream.parse(end?.data)).toEqual({ id, status: 'completed' });
    expect(await next(stream)).toBeUndefined();
  });

  test('with ?only=end has nothing but that end', async () => {
    const { stream, api, id } = await watched({}, '?only=end', 2);
    const upcoming = next(stream);
    api.record(id, 'task_completed', { key: 'live' });
    api.settle(id, { status: 'failed', error: { name: 'Error', message: 'no' } });
    expect(await upcoming).toMatchObject({ event: 'end', data: { id, status: 'failed' } });
    expect(await next(stream)).toBeUndefined();
  });

  test.each([
    ['Last-Event-ID', { 'Last-Event-ID': '2' }, ''],
    ['?after', {}, '?after=2'],
    ['Last-Event-ID before ?after, which a reconnecting page repeats', { 'Last-Event-ID': '2' }, '?after=1'],
  ])('goes on after %s', async (_how, headers, query) => {
    const { stream } = await watched(headers, query, 3);
    expect(await next(stream)).toMatchObject({ id: '3' });
    await stream.return(undefined);
  });

  test('a Last-Event-ID that is no number is refused', async () => {
    const { refused } = createAsked();
    const problem = await refused('GET /v1/runs/x/events', { headers: { 'Last-Event-ID': 'x' } });
    expect(problem.problems).toMatchObject([{ path: 'Last-Event-ID' }]);
  });

  test('says now and then that it lives', async () => {
    const { answer } = await watched();
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const texts: string[] = [];
    while (texts.length < 3) texts.push(new TextDecoder().decode((await reader.read()).value));
    expect(texts.slice(1)).toEqual([': still here\n\n', ': still here\n\n']);
    await reader.cancel();
  });

  test('stops to watch when the client leaves', async () => {
    const { stream, api, ask } = await watched({}, '', 1);
    await next(stream);
    expect(api.watchers()).toBe(1);
    expect(await (await ask('GET /metrics')).text()).toContain('\npawl_http_event_streams 1\n');
    await stream.return(undefined);
    await setImmediate();
    expect(api.watchers()).toBe(0);
    expect(await (await ask('GET /metrics')).text()).toContain('\npawl_http_event_streams 0\n');
  });

  test('reads no faster than the client', async () => {
    const { answer, api, id } = await watched();
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    for (let seq = 1; seq <= 100; seq += 1) api.record(id, 'task_completed');
    await setImmediate();
    const first = new TextDecoder().decode((await reader.read()).value);
    expect(first.match(/^id:/gm)).toHaveLength(1);
    await reader.cancel();
  });

  test('what goes wrong on the way is an event `problem`, and the last', async () => {
    const { stream, api, id } = await watched({}, '', 1);
    await next(stream);
    api.failWith(new Fault('corrupt', 'Record 2 is damaged'));
    const upcoming = next(stream);
    await expect(api.getRun(id)).rejects.toThrow();
    api.record(id, 'task_completed');
    const problem = await upcoming;
    expect(problem?.event).toBe('problem');
    expect(problemDetails.parse(problem?.data)).toMatchObject({ code: 'corrupt', detail: 'Record 2 is damaged' });
    expect(await next(stream)).toBeUndefined();
  });

  test('HEAD begins no stream', async () => {
    const { ask, id, api, stream } = await watched();
    const answer = await ask(`HEAD /v1/runs/${id}/events`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    await setImmediate();
    expect(api.watchers()).toBe(0);
    await stream.return(undefined);
  });
});
