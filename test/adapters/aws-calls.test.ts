import { describe, expect, test } from 'vitest';
import { type CallsOptions, createCalls, troubleOf } from '../../lib/adapters/aws-calls.ts';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { passTime } from './pass-time.ts';

function failure(name: string, more: object = {}): Error {
  return Object.assign(new Error('as the service says'), { name, ...more });
}

const answered = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });

describe('failures of a call', () => {
  test.each([
    ['a throttled request', failure('RequestThrottled', answered(403)), 'throttled'],
    ['a service that asks for fewer requests', failure('SlowDown', answered(503)), 'throttled'],
    ['too many requests, whatever their name', failure('Whatever', answered(429)), 'throttled'],
    ['what the model calls throttling', failure('Own', { $retryable: { throttling: true } }), 'throttled'],
    ['a server that fails', failure('Whatever', answered(500)), 'transient'],
    ['a gateway that waited in vain', failure('Whatever', answered(504)), 'transient'],
    ['no answer in time', failure('TimeoutError'), 'transient'],
    ['a connection that is cut', failure('Error', { code: 'ECONNRESET' }), 'transient'],
    [
      'a connection that is refused, seen from afar',
      failure('Error', { cause: { code: 'ECONNREFUSED' } }),
      'transient',
    ],
    ['an answer that was damaged', failure('InvalidChecksumError'), 'transient'],
    ['an answer that breaks off', failure('SyntaxError', answered(200)), 'transient'],
    ['credentials that ran out', failure('ExpiredToken', answered(400)), 'transient'],
    ['a clock that is wrong', failure('RequestTimeTooSkewed', answered(403)), 'transient'],
    ['no access', failure('AccessDenied', answered(403)), 'final'],
    ['no credentials', failure('CredentialsProviderError'), 'final'],
    ['what the service does not understand', failure('ValidationException', answered(400)), 'final'],
    ['a mistake in the program', new TypeError('x is not a function'), 'foreign'],
    ['what is no error', 'text', 'foreign'],
  ])('%s', (_, error, expected) => {
    expect(troubleOf(error)).toBe(expected);
  });
});

describe('a call', () => {
  function start(errors: unknown[], options: Partial<CallsOptions> = {}) {
    const clock = createVirtualClock();
    const begun = clock.now();
    const times: number[] = [];
    const call = createCalls({ clock, ids: { fraction: () => 1 }, service: 'Tea', ...options });
    const work = call('pour a cup', async () => {
      times.push(clock.now() - begun);
      if (errors.length > 0) throw errors.shift();
      return 'tea';
    });
    return { times, outcome: passTime(clock, work) };
  }

  test('that goes well is made once', async () => {
    const { times, outcome } = start([]);
    expect(await outcome).toBe('tea');
    expect(times).toEqual([0]);
  });

  test('that stumbles is made again after growing delays', async () => {
    const { times, outcome } = start([failure('TimeoutError'), failure('InternalError'), failure('TimeoutError')]);
    expect(await outcome).toBe('tea');
    expect(times).toEqual([0, 50, 150, 350]);
  });

  test('waits for longer where it was throttled', async () => {
    const { times, outcome } = start([failure('SlowDown'), failure('SlowDown')]);
    expect(await outcome).toBe('tea');
    expect(times).toEqual([0, 200, 600]);
  });

  test('waits for at least half of a delay, and for the rest by chance', async () => {
    const { times, outcome } = start([failure('TimeoutError')], { ids: { fraction: () => 0 } });
    await outcome;
    expect(times).toEqual([0, 25]);
  });

  test('gives up after so many attempts, with a fault that has the last error as its cause', async () => {
    const errors = Array.from({ length: 9 }, (_, index) => failure('TimeoutError', { index }));
    const { times, outcome } = start(errors, { attempts: 3 });
    await expect(outcome).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Tea cannot pour a cup now: TimeoutError: as the service says',
      cause: { index: 2 },
    });
    expect(times).toHaveLength(3);
  });

  test('gives up when the next attempt would come too late', async () => {
    const errors = Array.from({ length: 9 }, () => failure('SlowDown'));
    const { times, outcome } = start(errors, { attempts: 9, patienceMs: 1_000 });
    await expect(outcome).rejects.toMatchObject({ code: 'unavailable' });
    expect(times).toEqual([0, 200, 600]);
  });

  test('is not made again if it is refused for good', async () => {
    const { times, outcome } = start([failure('AccessDenied', answered(403))]);
    await expect(outcome).rejects.toMatchObject({
      code: 'refused',
      message: 'Tea refuses to pour a cup: AccessDenied: as the service says',
      cause: { name: 'AccessDenied' },
    });
    expect(times).toEqual([0]);
  });

  test('lets through what is not the service’s error', async () => {
    const { times, outcome } = start([new RangeError('a mistake')]);
    await expect(outcome).rejects.toThrow(RangeError);
    expect(times).toEqual([0]);
  });
});
