import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEventParser } from '../../lib/client/event-parser.ts';

const parsed = (...pieces: string[]) => {
  const parser = createEventParser();
  return { messages: pieces.flatMap((piece) => parser.push(piece)), retryMs: parser.retryMs };
};

describe('a stream of server-sent events', () => {
  test('has messages with an event and data, apart by an empty line', () => {
    expect(parsed('id: 1\ndata: a\n\nevent: end\ndata: b\n\n').messages).toEqual([
      { event: 'message', data: 'a' },
      { event: 'end', data: 'b' },
    ]);
  });

  test('joins the lines of one message', () => {
    expect(parsed('data: a\ndata:b\ndata:  c\n\n').messages).toEqual([{ event: 'message', data: 'a\nb\n c' }]);
  });

  test('has comments, which say nothing', () => {
    expect(parsed(': still here\n\n:\n\ndata: a\n\n').messages).toHaveLength(1);
  });

  test('says when to come back', () => {
    expect(parsed('retry: 250\n\n').retryMs).toBe(250);
    expect(parsed('retry: soon\n\n').retryMs).toBeUndefined();
  });

  test('forgets a message that is not complete', () => {
    expect(parsed('data: a\n').messages).toEqual([]);
  });

  test('may break its lines in any of three ways and be cut anywhere', () => {
    const text = 'event: x\ndata: a\ndata: b\n\n: c\n\ndata: ü\n\nretry: 5\n\n';
    const expected = parsed(text);
    fc.assert(
      fc.property(fc.constantFrom('\n', '\r', '\r\n'), fc.array(fc.nat(80), { maxLength: 8 }), (lineBreak, cuts) => {
        const broken = text.replaceAll('\n', lineBreak);
        const bounds = [0, ...cuts.filter((cut) => cut < broken.length).sort((a, b) => a - b), broken.length];
        const pieces = bounds.slice(1).map((end, index) => broken.slice(bounds[index], end));
        // A last carriage return waits for what may follow it.
        expect(parsed(...pieces, ': end\n')).toEqual(expected);
      }),
    );
  });
});
