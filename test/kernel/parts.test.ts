import { describe, expect, test } from 'vitest';
import { createMemoryBlobs } from '../../lib/adapters/memory/blobs.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';
import { createAloneGate } from '../../lib/kernel/alone.ts';
import { isRetryable, retryDelay } from '../../lib/kernel/effects.ts';
import type { BlobRef } from '../../lib/kernel/events.ts';
import { Fault } from '../../lib/kernel/faults.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import type { RetryPolicy } from '../../lib/kernel/operations.ts';
import {
  blobOwnerOf,
  byteLength,
  deletePayloads,
  fromJson,
  loadPayload,
  runOfBlobOwner,
  storePayload,
  toJson,
} from '../../lib/kernel/payload.ts';
import type { Program, Request } from '../../lib/kernel/program.ts';
import { NonRetryableError, restoreError, storeError, TaskError } from '../../lib/kernel/stored-error.ts';
import {
  awaitingOf,
  blockedDelay,
  isShort,
  nextChildCheck,
  nextDue,
  nextRetry,
  nextTimer,
} from '../../lib/kernel/suspension.ts';
import { seededIds } from './harness.ts';

const minute = 60_000;

describe('retries', () => {
  const policy: RetryPolicy = { attempts: 4, initialMs: 500, factor: 2, maxMs: 1_500, jitter: 0.2 };

  test.each([
    [1, 0, 500],
    [2, 0, 1_000],
    [3, 0, 1_500],
    [1, 1, 400],
    [2, 0.5, 900],
  ])('the delay after attempt %d with chance %d is %d ms', (attempt, fraction, expected) => {
    expect(retryDelay(policy, attempt, fraction)).toBe(expected);
  });

  test.each([
    ['an error', new Error('x'), 1, true],
    ['the last attempt', new Error('x'), 4, false],
    ['what says that it is no use', new NonRetryableError('x'), 1, false],
    ['a result that JSON cannot hold', new Fault('invalid_input', 'x'), 1, false],
    ['a result that is too large', new Fault('too_large', 'x'), 1, false],
    ['a store that is away', new Fault('unavailable', 'x'), 1, true],
    ['what is no Error', 'text', 1, true],
  ])('%s: tried again?', (_what, thrown, attempt, expected) => {
    expect(isRetryable(policy, attempt, thrown)).toBe(expected);
  });

  test('retryIf decides, and one that throws means no', () => {
    expect(isRetryable({ ...policy, retryIf: (error) => error === 1 }, 1, 1)).toBe(true);
    expect(isRetryable({ ...policy, retryIf: (error) => error === 1 }, 1, 2)).toBe(false);
    const broken = () => {
      throw new Error('broken');
    };
    expect(isRetryable({ ...policy, retryIf: broken }, 1, 1)).toBe(false);
  });
});

describe('payloads', () => {
  const circular: { self?: unknown } = {};
  circular.self = circular;

  test.each([
    ['a function', { f: () => 1 }, 'f'],
    ['a bigint', { list: [1n] }, 'list[0]'],
    ['not a number', { a: { b: Number.NaN } }, 'a.b'],
    ['infinity', Number.POSITIVE_INFINITY, ''],
    ['undefined in an array', [1, undefined], '[1]'],
    ['a map', { m: new Map() }, 'm'],
    ['a promise', Promise.resolve(1), ''],
    ['bytes', { b: new Uint8Array(1) }, 'b'],
    ['itself', circular, 'self'],
    ['a symbol', { s: Symbol('s') }, 's'],
  ])('%s is refused with its path', (_what, value, path) => {
    expect(() => toJson(value, 'It', defaultLimits)).toThrow(
      expect.objectContaining({ code: 'invalid_input', problems: [expect.objectContaining({ path })] }),
    );
  });

  test('what JSON holds comes back the same, and undefined is undefined', () => {
    const value = { a: [1, 'x', null, true, { b: undefined }], d: new Date(0) };
    expect(fromJson(toJson(value, 'It', defaultLimits))).toEqual({
      a: [1, 'x', null, true, {}],
      d: new Date(0).toISOString(),
    });
    expect(toJson(undefined, 'It', defaultLimits)).toBeUndefined();
    expect(fromJson(undefined)).toBeUndefined();
    const twice = { x: 1 };
    expect(toJson([twice, twice], 'It', defaultLimits)).toBe('[{"x":1},{"x":1}]');
  });

  test('what nests too deeply or is too long is refused by the name of the limit', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 70; i += 1) deep = [deep];
    expect(() => toJson(deep, 'It', defaultLimits)).toThrow(/payloadDepth/);
    expect(() => toJson('x'.repeat(50), 'It', { ...defaultLimits, payloadBytes: 50 })).toThrow(
      expect.objectContaining({ code: 'too_large', message: expect.stringContaining('payloadBytes') }),
    );
  });

  test('lengths are those of UTF-8 where they matter', () => {
    expect(byteLength('ää', 3)).toBe(4);
    expect(byteLength('ää', 100)).toBe(2);
  });

  test('what is over the inline limit is kept by the blobs, and damage is noticed', async () => {
    const blobs = createMemoryBlobs();
    const ports = { blobs, ids: seededIds(1), limits: { ...defaultLimits, inlineBytes: 10 } };
    const owner = { id: 'run', nonce: 'n1', expiresAt: 1 };
    expect(await storePayload(ports, owner, 'a', '"short"')).toEqual({ payload: '"short"', text: '"short"' });
    const { payload } = await storePayload(ports, owner, 'a', '"much longer"');
    if (typeof payload !== 'object') throw new Error('not a reference');
    expect(payload).toMatchObject({ bytes: 13, blob: expect.stringMatching(/^run\//) });
    expect(await loadPayload(ports, payload)).toBe('"much longer"');
    await blobs.put(payload.blob, '"other"');
    await expect(loadPayload(ports, payload)).rejects.toMatchObject({ code: 'corrupt' });
    await deletePayloads(ports, owner);
    await expect(loadPayload(ports, payload)).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('blobs are those of one nonce, which they do not tell', async () => {
    const blobs = createMemoryBlobs();
    const ports = { blobs, ids: systemIds, limits: { inlineBytes: 10 } };
    const [old, next] = ['secret-1', 'secret-2'].map((nonce) => ({ id: 'a/run', nonce, expiresAt: 1 }));
    if (!old || !next) throw new Error('both are there');
    const refs: BlobRef[] = [];
    for (const owner of [old, next]) {
      const { payload } = await storePayload(ports, owner, 'input', '"the same input"');
      if (typeof payload === 'object') refs.push(payload);
    }
    await deletePayloads(ports, old);
    expect(await Promise.all(refs.map(({ blob }) => blobs.get(blob)))).toEqual([undefined, '"the same input"']);
    expect(JSON.stringify(refs)).not.toContain('secret');
    expect(runOfBlobOwner(blobOwnerOf(ports.ids, next))).toBe('a/run');
    expect(['workflows', 'a/run', 'run'].map(runOfBlobOwner)).toEqual([undefined, undefined, undefined]);
  });
});

describe('stored errors', () => {
  const limits = { errorChars: 100 };

  test('a restored error has name, message, code, details and cause', () => {
    const thrown = Object.assign(new RangeError('too far', { cause: new TypeError('why') }), {
      code: 'E1',
      details: { by: 3 },
    });
    const restored = restoreError(storeError(thrown, limits), 'key');
    expect(restored).toBeInstanceOf(TaskError);
    expect(restored).toMatchObject({
      name: 'RangeError',
      message: 'too far',
      code: 'E1',
      details: { by: 3 },
      task: 'key',
    });
    expect(restored.cause).toMatchObject({ name: 'TypeError', message: 'why' });
  });

  test('an error of a megabyte is cut, and a chain of causes ends', () => {
    let error = new Error('x'.repeat(1_000_000));
    for (let i = 0; i < 20; i += 1) error = new Error('y'.repeat(1_000_000), { cause: error });
    const stored = storeError(error, limits);
    expect(JSON.stringify(stored).length).toBeLessThan(2_000);
  });

  test.each([
    ['text', 'A value that is not an Error was thrown: text'],
    [{ a: 1 }, 'A value that is not an Error was thrown: {"a":1}'],
    [undefined, 'A value that is not an Error was thrown: undefined'],
    [null, 'A value that is not an Error was thrown: null'],
    [Symbol.iterator, 'A value that is not an Error was thrown: Symbol(Symbol.iterator)'],
    [1n, 'A value that is not an Error was thrown: 1'],
  ])('%s thrown is an error too', (thrown, message) => {
    expect(storeError(thrown, limits)).toEqual({ name: 'Error', message });
  });

  test('details that JSON cannot hold are left out', () => {
    const thrown = Object.assign(new Error('x'), { details: 1n });
    expect(storeError(thrown, limits)).not.toHaveProperty('details');
  });
});

describe('suspension', () => {
  const base = { after: 0, result: Promise.resolve(), resolve() {}, reject() {} };
  const timer = (key: string, due: number) => ({ ...base, kind: 'timer', key, due }) as Request;
  const step = (key: string, retryAt: number) =>
    ({ ...base, kind: 'step', key, retryAt, attempt: 1 }) as unknown as Request;
  const child = (key: string, askedAt: number) =>
    ({ ...base, kind: 'child', key, id: `id of ${key}`, askedAt }) as unknown as Request;
  const signal = (key: string, name: string) => ({ ...base, kind: 'signal', key, name }) as Request;

  function program(...requests: Request[]): Program {
    const open = new Map(requests.map((request) => [request.key, request]));
    const pending = new Set(requests.filter(({ kind }) => kind === 'step' || kind === 'child'));
    const timers = new Set(requests.filter(({ kind }) => kind === 'timer'));
    return { open, timers, pending } as unknown as Program;
  }

  test('the next timer is the earliest due, and of equals the one asked for first', () => {
    expect(nextTimer(program())).toBeUndefined();
    expect(nextTimer(program(timer('a', 3), timer('b', 2), timer('c', 2)))?.key).toBe('b');
  });

  test('the next start is that of the earliest attempt, and at once for what has not been tried', () => {
    expect(nextRetry(program(timer('a', 3)), 0)).toBe(Number.POSITIVE_INFINITY);
    expect(nextDue(program(step('a', 9), step('b', 7)))).toBe(7);
    expect(nextDue(program(step('a', 9), child('c', 1)))).toBe(0);
    expect(nextRetry(program(step('a', 9), child('c', 1)), 0)).toBe(9);
    expect(nextRetry(program(step('a', 9), step('b', 7)), 7)).toBe(9);
  });

  test.each([
    [0, 5],
    [7, 7],
    [30, 30],
    [600, 60],
  ])('K23: %d minutes after it was asked for, a child is looked at in %d more', (age, expected) => {
    const now = 1_000 * minute;
    expect(nextChildCheck(program(child('c', now - age * minute)), now)).toBe(now + expected * minute);
  });

  test('what a run waits for is shown, bounded', () => {
    expect(awaitingOf(program(timer('t', 5), step('s', 7), step('u', 0), signal('w', 'go'), child('c', 0)))).toEqual([
      { key: 't', kind: 'timer', due: 5 },
      { key: 's', kind: 'step', due: 7 },
      { key: 'u', kind: 'step' },
      { key: 'w', kind: 'signal', name: 'go' },
      { key: 'c', kind: 'child', name: 'id of c' },
    ]);
    expect(awaitingOf(program(...Array.from({ length: 300 }, (_, i) => timer(`t${i}`, i))))).toHaveLength(100);
  });

  test('a blocked run is tried after a minute, doubling up to an hour', () => {
    expect([0, 1, 2, 5, 6, 99].map((times) => blockedDelay(times) / minute)).toEqual([1, 2, 4, 32, 60, 60]);
  });

  test('a wait up to the inline limit is short', () => {
    expect(isShort(1_000, 0, defaultLimits)).toBe(true);
    expect(isShort(1_001, 0, defaultLimits)).toBe(false);
  });
});

describe('the alone gate', () => {
  test('K12: lets one in, and tells those who were refused when to ask again', () => {
    const gate = createAloneGate();
    let told = 0;
    const retry = () => {
      told += 1;
    };
    expect(gate.enter(retry)).toBe(true);
    expect(gate.enter(retry)).toBe(false);
    gate.leave();
    expect(told).toBe(1);
    expect(gate.enter(retry)).toBe(true);
  });
});
