import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findSyntaxProblem } from '../../lib/http/json-syntax.ts';

test('a text that is not closed is found at once, however long', () => {
  const text = `{"name": "${'a'.repeat(1_000_000)}`;
  expect(findSyntaxProblem(text)).toMatchObject({
    position: 9,
    message: 'expected a value, found a text that is not closed or not escaped as in JSON',
  });
});

test('a text of sixteen million characters is read', () => {
  expect(findSyntaxProblem(`"${'a'.repeat(16_000_000)}"`)).toBeUndefined();
});

test('says the same as JSON.parse about what is JSON', () => {
  const parses = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const cut = fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 })).map(([json, place, more]) => {
    const at = place % (json.length + 1);
    return json.slice(0, at) + more + json.slice(at + (place % 2));
  });
  fc.assert(
    fc.property(fc.oneof(fc.json(), cut, fc.string()), (text) => {
      expect(findSyntaxProblem(text) === undefined).toBe(parses(text));
    }),
    { numRuns: 500 },
  );
});
