import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { type Exchange, followRedirect } from '../../../lib/graph/executors/redirects.ts';

const sent: Exchange = { url: new URL('https://a.example.com/x'), method: 'GET', headers: {}, body: undefined };

function answer(statusCode: number, location?: string): IncomingMessage {
  return { statusCode, headers: { location } } as unknown as IncomingMessage;
}

test('a redirect never gives up encryption', () => {
  expect(() => followRedirect(sent, answer(301, 'http://a.example.com/x'))).toThrow(/redirects to http:/);
  const plain = { ...sent, url: new URL('http://a.example.com/x') };
  expect(followRedirect(plain, answer(301, 'https://a.example.com/x'))?.url.protocol).toBe('https:');
});

test.each([
  [200, '/y'],
  [304, '/y'],
  [300, '/y'],
  [301, undefined],
])('status %i to %s is an answer, not a redirect', (status, location) => {
  expect(followRedirect(sent, answer(status, location))).toBeUndefined();
});

test('HEAD stays HEAD', () => {
  expect(followRedirect({ ...sent, method: 'HEAD' }, answer(303, '/y'))?.method).toBe('HEAD');
});
